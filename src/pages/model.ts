/** A model file read back to the person who wrote it. */
import type { Idea, ModelDeclaration, Objective, QualityCheck } from '../contracts/model.ts';
import { goldTasks } from '../contracts/labeling.ts';
import { durationInWords } from './durations.ts';
import { policyInWords } from './policy.ts';

/** The whole declaration in sentences, a heading for each part. */
export function modelInWords(model: ModelDeclaration): string {
  const parts: [heading: string, lines: readonly string[]][] = [
    ['Question', questionLines(model)],
    ['Data', dataLines(model)],
    ['Label', labelLines(model)],
    ['Features', featureLines(model)],
    ['Ideas, in this order', model.ideas.map(ideaInWords)],
    ['Validation suite', suiteLines(model)],
    ['Rollout', policyInWords(model).split('\n')],
    ['Objectives', model.objectives.length === 0 ? ['none declared'] : model.objectives.map(objectiveInWords)],
    ['Fallback', fallbackLines(model)],
    ['Labelling by people', labelingLines(model)],
    ['Notifications', notificationLines(model)],
    ['People', Object.entries(model.people).map(([role, names]) => `${role}: ${names.join(', ')}`)],
  ];
  const body = parts.map(([heading, lines]) => `${heading}\n${lines.map((line) => `  ${line}`).join('\n')}`);
  return [model.model, ...body].join('\n\n');
}

function questionLines({ title, owner, task, unit, cohort }: ModelDeclaration): string[] {
  const together = unit.cluster === null ? '' : `, those of one ${unit.cluster} moving together`;
  const assigned = unit.assignment === 'shadow-only' ? 'judged in shadow only' : `assigned by ${unit.assignment}`;
  return [
    title,
    `A ${task} task owned by ${owner}. One unit is a ${unit.name}, ${assigned}${together}.`,
    `Decisions fall every ${durationInWords(cohort)} of event time.`,
  ];
}

function dataLines({ source, checks }: ModelDeclaration): string[] {
  const { timeZone } = source;
  const zone =
    typeof timeZone === 'string' ? timeZone : `the local time of ${timeZone.key}, placed by ${timeZone.file}`;
  return [
    `${source.file}, event time ${source.eventTime} in ${zone}.`,
    `A day is complete ${durationInWords(source.closesAfter)} after it ended; days before ${source.backfillUntil} land as backfill.`,
    `Callers send ${Object.keys(source.inputs).join(', ')}.`,
    ...(checks.length === 0 ? ['No quality checks.'] : checks.map(checkInWords)),
  ];
}

function checkInWords(check: QualityCheck): string {
  const by = `(${check.owner}, review by ${check.reviewBy})`;
  const held = check.action === 'quarantine' ? 'rows are set aside' : 'the day is held back';
  switch (check.kind) {
    case 'rowRange': {
      const bounds = [
        check.min === undefined ? [] : [`below ${check.min}`],
        check.max === undefined ? [] : [`above ${check.max}`],
      ];
      return `Check ${check.id}: ${held} where ${check.expression} is ${bounds.flat().join(' or ')} ${by}.`;
    }
    case 'exactDuplicate':
      return `Check ${check.id}: ${held} that repeat another exactly ${by}.`;
    case 'rowCount':
      return `Check ${check.id}: ${held} with fewer than ${check.min.toLocaleString('en')} rows ${by}.`;
    case 'missingShare':
      return `Check ${check.id}: ${held} where more than ${check.max * 100} % of ${check.input} is missing ${by}.`;
    default:
      return check satisfies never;
  }
}

function labelLines({ label }: ModelDeclaration): string[] {
  const absent = label.absence === 'exclude' ? 'the unit is left out' : 'the answer was no';
  return [
    `${label.name}: ${label.expression}, known ${label.arrivesAfter} minutes after the event.`,
    `Counts when it arrives within ${durationInWords(label.attributionWindow)}; without one by then, ${absent}.`,
    ...(label.valid === 'true' ? [] : [`Used only where ${label.valid}.`]),
    label.affectsLabel
      ? 'Acting on the prediction changes or censors it, so shadow cannot judge.'
      : 'Acting on the prediction does not change it, so shadow can judge.',
  ];
}

function featureLines({ features, recipes }: ModelDeclaration): string[] {
  const fresh = features.flatMap((feature) => {
    if (feature.kind !== 'outcomeRate') return [];
    const key = feature.key.length === 0 ? 'all units' : `the same ${feature.key.join(' and ')}`;
    const age = feature.age === 'PT0S' ? '' : `, ${durationInWords(feature.age)} old`;
    const span = `outcomes of ${key} that arrived in ${durationInWords(feature.window)}`;
    return [`${feature.name}: rate over ${span}${age}, ${durationInWords(feature.lag)} behind.`];
  });
  const sent = features.filter(({ kind }) => kind !== 'outcomeRate').map(({ name }) => name);
  const trained = Object.entries(recipes).map(
    ([name, recipe]) => `Recipe ${name}: ${recipe.trainer} on ${recipe.features.join(', ')}.`,
  );
  return [`From the request: ${sent.join(', ') || 'none'}.`, ...fresh, ...trained];
}

function ideaInWords(idea: Idea, index: number): string {
  const what =
    idea.recipe === undefined
      ? `serves what ${idea.artifactOf} trained`
      : `trains ${idea.recipe === 'stable' ? 'the serving recipe' : idea.recipe} on ${durationInWords(idea.trainOn)}`;
  const swaps = Object.entries(idea.serveWith).map(([column, feature]) => `${column} from ${feature}`);
  const served = swaps.length === 0 ? '' : `, serving ${swaps.join(', ')}`;
  const when = idea.every === undefined ? 'once' : `every ${durationInWords(idea.every)}`;
  const claim = idea.claim === 'improve' ? 'must be certified better' : 'must be certified not worse';
  return `${index + 1}. ${idea.id} (${when}): ${what}${served}; ${claim}. ${idea.hypothesis}.`;
}

function suiteLines({ suite, newCases }: ModelDeclaration): string[] {
  const judged =
    newCases === undefined
      ? []
      : [
          `Cases of incidents enter with a word of ${newCases.role}; without one within ${durationInWords(newCases.within)} they enter, too.`,
        ];
  if (suite.length === 0) return ['no cases yet; incidents add them', ...judged];
  const cases = suite.map((entry) => {
    const rows = entry.where === 'true' ? 'all rows' : `rows where ${entry.where}`;
    return `${entry.id}: ${rows} of the last ${entry.lastDays} days, at most ${entry.maxRegressionPerThousand} extra loss per 1,000, from ${entry.minUnits} units on.`;
  });
  return [...cases, ...judged];
}

function objectiveInWords(objective: Objective): string {
  const then = `else ${objective.response}.`;
  switch (objective.kind) {
    case 'lossAgainstFallback':
      return `${objective.id}: loss at most ${objective.maxDifferencePerThousand} per 1,000 above the fallback's, judged over ${objective.days} days in a row; ${then}`;
    case 'featureFreshness':
      return `${objective.id}: outcome rates at most ${durationInWords(objective.maxAge)} old when used; ${then}`;
    case 'calibration':
      return `${objective.id}: mean prediction within ${objective.maxRatioError * 100} % of the mean label over ${objective.days} days; ${then}`;
    case 'lossShift':
      return `${objective.id}: daily loss at most ${objective.tolerancePerThousand} per 1,000 above what the rollout certified, a false alarm in ${objective.falseAlarmDays} days or more; ${then}`;
    default:
      return objective satisfies never;
  }
}

function labelingLines({ labeling, people }: ModelDeclaration): string[] {
  if (labeling === undefined) return ['nobody is asked; labels are what the world reports'];
  const { question, every, size, answersPerTask, role, adjudicators, deadline, minGoldAccuracy, minGoldAnswers } =
    labeling;
  const gold = goldTasks(labeling);
  const agree = answersPerTask === 1 ? 'one answer is enough' : `${answersPerTask} must agree`;
  const settles =
    adjudicators === undefined
      ? 'the majority settles what they do not'
      : `the ${adjudicators} role settles what they do not`;
  const minimum = `${minGoldAccuracy * 100} % of ${minGoldAnswers} or more`;
  return [
    `“${question}” is asked every ${durationInWords(every)} of event time about up to ${size} requests without an outcome.`,
    `Asked are the ${role}s ${people[role]?.join(', ') ?? ''}; ${agree}; ${settles}; after ${durationInWords(deadline)} it closes.`,
    gold === 0
      ? 'Nobody is checked by tasks of known outcome.'
      : `${gold} of the ${size} have a known outcome: whoever answers fewer than ${minimum} of them rightly does not count.`,
  ];
}

function notificationLines({ notifications }: ModelDeclaration): string[] {
  if (notifications === undefined) return ['nobody is told; holdfast inbox lists what waits'];
  const { channels, escalateAfter } = notifications;
  return [
    ...channels.map((channel) => {
      const { id, kind, topics, onlyUnanswered } = channel;
      const what = onlyUnanswered ? 'what nobody has answered' : (topics?.join(', ') ?? 'everything');
      const where =
        channel.kind === 'email' ? channel.to.join(', ') : channel.kind === 'webhook' ? channel.url : 'its webhook';
      return `${id}: ${what}, by ${kind} to ${where}.`;
    }),
    ...(escalateAfter === undefined
      ? []
      : [
          `What waits for a person is told again, to every channel, when nobody has answered for ${durationInWords(escalateAfter)}.`,
        ]),
  ];
}

function fallbackLines({ fallback, healthyRange }: ModelDeclaration): string[] {
  return [
    `${fallback.constant} is answered when no bundle is healthy, and is the first stable.`,
    `An answer is healthy from ${healthyRange[0]} to ${healthyRange[1]}.`,
  ];
}
