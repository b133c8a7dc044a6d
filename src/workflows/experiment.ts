/** One idea: dataset, training, bundle, and the handing over to promotion. */
import { DOORS } from '../contracts/message-doors.ts';
import { candidateReadySignal, EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { ExperimentInput } from '../contracts/workflows.ts';
import { grouped } from '../domain/aligned-table.ts';
import { escaped, fact, fenced } from '../domain/markdown.ts';
import { pageLink } from '../domain/report/page-command.ts';
import { control, data, training } from './activity-doors.ts';
import { createDisplay, seeAlso } from './display.ts';
import { onQuery } from './doors.ts';
import { tell } from './tell.ts';
import { terminalReason } from './terminal-failures.ts';

export async function experiment(input: ExperimentInput): Promise<string | null> {
  try {
    return await tryIdea(input);
  } catch (error) {
    const reason = terminalReason(error);
    if (reason === null) throw error;
    await control('the experiment cannot go on').abandonExperiment({ ...input, reason });
    return null;
  }
}

async function tryIdea(input: ExperimentInput): Promise<string | null> {
  let inWords = 'assembling the dataset';
  let bundle: string | null = null;
  const said: string[] = [];
  const explain = (): string => explainExperiment(input, inWords, said);
  onQuery(STATUS_QUERY, DOORS.experiment.status, () => ({ ...input, bundle, inWords }));
  onQuery(EXPLAIN_QUERY, 'The same in words', explain);
  const display = createDisplay();
  const say = (words: string, isOver = false): void => {
    inWords = words;
    said.push(words);
    display.show({
      details: [explain(), seeAlso(input.model, pageLink(input.experimentId, input.edgeUrl))].join('\n'),
      attributes: {
        HoldfastModel: input.model,
        HoldfastStage: 'experimentation',
        HoldfastPhase: isOver ? 'healthy' : 'progressing',
        HoldfastCandidate: bundle === null ? input.idea : `${input.idea} ${bundle.slice(0, 8)}`,
        HoldfastWaitingFor: isOver ? `nothing: ${words}` : words,
      },
      line: `${input.idea}: ${words}`,
    });
  };
  say(inWords);

  const dataset = await data(`dataset for ${input.idea} as of ${input.asOf}`).assembleDataset(input);
  if (dataset !== null && dataset.rows === 0) {
    await control('no rows to learn from').abandonExperiment({
      ...input,
      reason: `no labelled rows as of ${input.asOf}`,
    });
    say('abandoned: no labelled rows', true);
    return null;
  }
  let artifact: string | null = null;
  if (dataset !== null) {
    say(`training on ${grouped(dataset.rows)} rows of ${dataset.days} days`);
    const trained = await training(`training ${input.idea} on ${grouped(dataset.rows)} rows`).trainModel({
      ...input,
      datasetVersion: dataset.datasetVersion,
    });
    artifact = trained.artifact;
    say(`trained: ${trained.iterations} iterations, training loss ${trained.trainLoss.toFixed(4)}`);
  }
  const registered = await control(`registering the bundle of ${input.idea}`).registerBundle({
    ...input,
    artifact,
    datasetVersion: dataset?.datasetVersion ?? null,
  });
  bundle = registered.bundle;
  say(`registered as bundle ${bundle.slice(0, 12)}; its training time passes`);
  await control(`training time of ${input.idea} passes`).trainingTimePassedNext(input);
  const { handoffId } = await control(`handing ${input.idea} over to promotion`).submitCandidate({ ...input, bundle });
  await tell(promotionId(input.model), candidateReadySignal, { bundle, handoffId });
  say(`handed over to promotion as ${bundle.slice(0, 12)}`, true);
  return bundle;
}

function explainExperiment(input: ExperimentInput, now: string, said: readonly string[]): string {
  const { idea, attempt, hypothesis, asOf, readyAt } = input;
  return [
    fact('Experiment', `${escaped(idea)}, attempt ${attempt}`),
    fact('Hypothesis', escaped(hypothesis)),
    fact('Data as of', `${asOf}; the candidate is ready at ${readyAt} in event time`),
    fact('Now', escaped(now)),
    fenced(said.map((words, index) => `${index + 1}  ${words}`).join('\n')),
  ].join('\n');
}
