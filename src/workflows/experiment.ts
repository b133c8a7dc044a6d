/** One idea: dataset, training, bundle, and the handing over to promotion. */
import { candidateReadySignal, EXPLAIN_QUERY, STATUS_QUERY } from '../contracts/messages.ts';
import { promotionId } from '../contracts/names.ts';
import type { ExperimentInput } from '../contracts/workflows.ts';
import { control, data, training } from './activity-doors.ts';
import { createDisplay } from './display.ts';
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
  onQuery(STATUS_QUERY, 'How far the experiment is', () => ({ ...input, bundle, inWords }));
  onQuery(EXPLAIN_QUERY, 'The same in words', () => inWords);
  const display = createDisplay();
  const say = (words: string): void => {
    inWords = words;
    display.show(
      `**Experiment** ${input.idea}, attempt ${input.attempt}\n**Hypothesis** ${input.hypothesis}\n**Now** ${words}`,
      {
        HoldfastModel: input.model,
        HoldfastStage: 'experimentation',
        HoldfastCandidate: input.idea,
        HoldfastWaitingFor: words,
      },
      words,
    );
  };
  say(inWords);

  const dataset = await data(`dataset for ${input.idea} as of ${input.asOf}`).assembleDataset(input);
  if (dataset !== null && dataset.rows === 0) {
    await control('no rows to learn from').abandonExperiment({
      ...input,
      reason: `no labelled rows as of ${input.asOf}`,
    });
    say('abandoned: no labelled rows');
    return null;
  }
  let artifact: string | null = null;
  if (dataset !== null) {
    say(`training on ${dataset.rows} rows of ${dataset.days} days`);
    const trained = await training(`training ${input.idea} on ${dataset.rows} rows`).trainModel({
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
  say(`bundle ${bundle.slice(0, 12)}; ready at ${input.readyAt}`);
  await control(`training time of ${input.idea} passes`).trainingTimePassedNext(input);
  const { handoffId } = await control(`handing ${input.idea} over to promotion`).submitCandidate({ ...input, bundle });
  await tell(promotionId(input.model), candidateReadySignal, { bundle, handoffId });
  say(`handed over to promotion as ${bundle.slice(0, 12)}`);
  return bundle;
}
