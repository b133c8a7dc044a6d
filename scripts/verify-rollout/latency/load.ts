/** A thread that asks the gateways for predictions at a steady rate, whether or not they answer, and keeps when the candidate answered last. */
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { isoInstant } from '../../../src/domain/time.ts';
import { LoadCell, now } from './load-board.ts';
import type { LoadPlan } from './load-board.ts';

const { model, urls, board, perSecond } = workerData as LoadPlan;
const cells = new Float64Array(board);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const TICK_MS = 2;
let sent = 0;
let begun = now();
const count = (cell: LoadCell): void => void (cells[cell] = (cells[cell] ?? 0) + 1);

function ask(): void {
  const eventTime = isoInstant(cells[LoadCell.eventTime] ?? 0);
  const name = `load-${sent}`;
  const body = JSON.stringify({ requestId: name, unit: name, eventTime, inputs: {} });
  const url = `${urls[sent % urls.length]}/v1/models/${model}/predictions`;
  sent += 1;
  const askedAt = now();
  const call = request(url, { method: 'POST', agent }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => {
      const isAnswer = response.statusCode === 200;
      count(isAnswer ? LoadCell.answered : LoadCell.failed);
      if (!isAnswer || !text.includes('"arm":"candidate"')) return;
      count(LoadCell.byCandidate);
      cells[LoadCell.candidateAt] = now();
      const zeroAt = cells[LoadCell.zeroAt] ?? 0;
      if (zeroAt > 0 && askedAt > zeroAt) count(LoadCell.afterZero);
    });
  });
  call.on('error', () => count(LoadCell.failed));
  call.end(body);
}

/** What a stall has held back is not sent after it in one burst. */
const BURST_MAX = 50;

const tick = setInterval(() => {
  const due = Math.floor(((now() - begun) / 1000) * perSecond);
  if (due - sent > BURST_MAX) begun = now() - (sent / perSecond) * 1000;
  for (let left = Math.min(BURST_MAX, due - sent); left > 0; left--) ask();
}, TICK_MS);

parentPort?.once('message', () => {
  clearInterval(tick);
  agent.destroy();
});
