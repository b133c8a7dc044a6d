/**
 * Area under the ROC curve: the chance that a unit with label 1 was scored above one with label 0, ties counting half
 * (Mann & Whitney 1947, by midranks).
 * @param labels 1 is positive, everything else negative; as many as `scores`
 * @returns 0 to 1; null when one of the classes is absent
 */
export function rocAuc(scores: readonly number[], labels: readonly number[]): number | null {
  const order = scores.map((score, index) => ({ score, positive: labels[index] === 1 }));
  order.sort((a, b) => a.score - b.score);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tiedPositives = 0;
    for (; order[end]?.score === order[start]?.score && end < order.length; end += 1) {
      if (order[end]?.positive === true) tiedPositives += 1;
    }
    rankSum += (tiedPositives * (start + 1 + end)) / 2;
    positives += tiedPositives;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
