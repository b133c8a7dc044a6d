/** How a campaign came out: written down once, from everything that was answered. */
import { agreementOf, weighAnswers } from './label-answers.ts';
import type { Agreement, AnnotatorTally, AskedTask, GivenLabel, LabelRules, TaskStanding } from './label-answers.ts';

export interface CampaignSummary {
  /** Why it closed. */
  readonly reason: string;
  /** Tasks asked, gold included; and how many of them were gold. */
  readonly tasks: number;
  readonly gold: number;
  /** Tasks that anybody answered; and those that have their label, by how it came. */
  readonly answered: number;
  readonly settled: { readonly agreement: number; readonly majority: number; readonly adjudication: number };
  /** Tasks that stay without a label. Nothing is made up for them. */
  readonly unsettled: readonly string[];
  readonly annotators: readonly AnnotatorTally[];
  readonly agreement: Agreement;
}

/** @param reason Why the campaign closes */
export function closeCampaign(
  tasks: readonly AskedTask[],
  given: readonly GivenLabel[],
  rules: LabelRules,
  reason: string,
): { readonly summary: CampaignSummary; readonly standing: readonly TaskStanding[] } {
  const { tasks: standing, annotators } = weighAnswers(tasks, given, rules);
  const by = (how: TaskStanding['settledBy']): number => standing.filter(({ settledBy }) => settledBy === how).length;
  const summary = {
    reason,
    tasks: tasks.length,
    gold: tasks.filter(({ gold }) => gold !== null).length,
    answered: new Set(given.map(({ task }) => task)).size,
    settled: { agreement: by('agreement'), majority: by('majority'), adjudication: by('adjudication') },
    unsettled: standing.flatMap(({ task, label }) => (label === null ? [task] : [])),
    annotators,
    agreement: agreementOf(given, annotators),
  };
  return { summary, standing };
}

/** One line: `18 of 20 tasks have their label, 2 stay without; alpha 0.82`. */
export function summaryInALine({ tasks, unsettled, agreement }: CampaignSummary): string {
  const left =
    unsettled.length === 0 ? '' : `, ${unsettled.length} ${unsettled.length === 1 ? 'stays' : 'stay'} without`;
  const alpha = agreement.alpha === null ? '' : `; people agree by alpha ${agreement.alpha.toFixed(2)}`;
  return `${tasks - unsettled.length} of ${tasks} tasks have their label${left}${alpha}`;
}
