/** The whole judgement of a model file's content: shape first, then every rule whose sections are sound. */
import { modelFileSchema } from './model.ts';
import type { ModelDeclaration } from './model.ts';
import { valueAt, valueInWords } from './model-fault.ts';
import type { ModelFault } from './model-fault.ts';
import { parseShape } from './model-shape.ts';
import { labelRules } from './model-rules/label.ts';
import { labelingRules } from './model-rules/labeling.ts';
import { ladderRules } from './model-rules/ladder.ts';
import { streamRules } from './model-rules/streams.ts';
import { referenceRules } from './model-rules/references.ts';
import { trainingRules } from './model-rules/training.ts';
import { timingRules } from './model-rules/timing.ts';
import type { RuleFault, Section } from './model-rules/rule.ts';

const RULES = [
  ...referenceRules,
  ...trainingRules,
  ...timingRules,
  ...labelRules,
  ...labelingRules,
  ...ladderRules,
  ...streamRules,
];

/**
 * Judges parsed YAML as a model declaration.
 * @returns the declaration with defaults filled in, or every fault found: all of the shape, and of the rules between fields all whose
 * sections have no fault of their own.
 */
export function checkModel(
  content: unknown,
): { declaration: ModelDeclaration; faults: null } | { declaration: null; faults: ModelFault[] } {
  const shape = parseShape(modelFileSchema, content);
  const sections = shape.value ?? soundSections(content);
  const faults = RULES.filter(({ needs }) => needs.every((section) => Object.hasOwn(sections, section)))
    // The rule reads only the sections it needs, and those are there.
    .flatMap(({ check }) => Array.from(check(sections as ModelDeclaration)))
    .map((fault) => complete(fault, content));
  if (shape.value !== null && faults.length === 0) return { declaration: shape.value, faults: null };
  return { declaration: null, faults: [...(shape.faults ?? []), ...faults] };
}

function soundSections(content: unknown): Partial<ModelDeclaration> {
  const sections: Partial<Record<Section, unknown>> = {};
  if (typeof content !== 'object' || content === null) return {};
  for (const [section, schema] of Object.entries(modelFileSchema.shape)) {
    const written = Object.hasOwn(content, section) ? (content as Record<string, unknown>)[section] : undefined;
    const parsed = schema.safeParse(written);
    if (parsed.success) sections[section as Section] = parsed.data;
  }
  return sections as Partial<ModelDeclaration>;
}

function complete(fault: RuleFault, content: unknown): ModelFault {
  const written = valueAt(content, fault.path);
  const at = fault.at ?? 'value';
  return {
    path: fault.path,
    at,
    problem: fault.problem,
    got: at === 'key' || !isShown(written) ? null : valueInWords(written),
    allowed: fault.allowed ?? null,
    remedy: fault.remedy ?? null,
  };
}

/** A rule that speaks of a whole mapping or of a list of them says all there is to say: its kind is no news. */
function isShown(written: unknown): boolean {
  if (Array.isArray(written)) return written.every((element) => typeof element !== 'object');
  return written !== undefined && (written === null || typeof written !== 'object');
}
