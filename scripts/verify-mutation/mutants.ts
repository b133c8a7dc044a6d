import { parseSync } from '@swc/core';

/** One changed spot of an emitted module. Offsets in characters, `line` from 1. */
export interface Mutant {
  /** Where the module is. */
  url: string;
  line: number;
  column: number;
  start: number;
  end: number;
  /** Where the changed expression begins: who comes here comes to the change, if only to leave it aside. */
  entry: number;
  from: string;
  to: string;
}

interface Node {
  type: string;
  span?: { start: number; end: number };
  [field: string]: unknown;
}

const OPERATORS: Record<string, string> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '**': '*',
  '+=': '-=',
  '-=': '+=',
  '||=': '&&=',
  '&&=': '||=',
};
const METHODS: Record<string, string> = { min: 'max', max: 'min', every: 'some', some: 'every', floor: 'ceil' };
/** What one can leave out: −x is x, and !x too. */
const SIGNS: ReadonlySet<unknown> = new Set(['-', '!']);
/** The parser places the first byte of a source somewhere; a statement before it shows where. */
const MARK = '0;';

/** Collects the changes of one source, in characters where the parser counts bytes. */
class Changes {
  readonly mutants: Mutant[] = [];
  private readonly url: string;
  private readonly bytes: Buffer;
  private readonly base: number;

  constructor(url: string, source: string, base: number) {
    this.url = url;
    this.bytes = Buffer.from(source);
    this.base = base;
  }

  spanOf(node: unknown): readonly [start: number, end: number] {
    const { start, end } = (node as Node).span!;
    return [start - this.base, end - this.base];
  }

  text(start: number, end: number): string {
    return this.bytes.subarray(start, end).toString();
  }

  add([start, end]: readonly [start: number, end: number], to: string, entry = start): void {
    const before = this.text(0, start);
    const from = this.text(start, end);
    const lines = before.split('\n');
    this.mutants.push({
      url: this.url,
      line: lines.length,
      column: lines.at(-1)!.length,
      start: before.length,
      end: before.length + from.length,
      entry: this.text(0, entry).length,
      from,
      to,
    });
  }

  addOperator(node: Node): void {
    const operator = node['operator'] as string;
    const to = OPERATORS[operator];
    const at = this.bytes.indexOf(operator, this.spanOf(node['left'])[1]);
    if (to !== undefined) this.add([at, at + operator.length], to, this.spanOf(node)[0]);
  }

  addNode(node: Node): void {
    switch (node.type) {
      case 'BinaryExpression':
      case 'AssignmentExpression':
        this.addOperator(node);
        break;
      case 'IfStatement':
      case 'ConditionalExpression':
        for (const to of ['true', 'false']) this.add(this.spanOf(node['test']), to);
        break;
      case 'NumericLiteral':
        this.add(this.spanOf(node), node['value'] === 1 ? '0' : String((node['value'] as number) + 1));
        break;
      case 'BooleanLiteral':
        this.add(this.spanOf(node), String(node['value'] !== true));
        break;
      case 'UnaryExpression':
        if (SIGNS.has(node['operator'])) this.add(this.spanOf(node), ` ${this.text(...this.spanOf(node['argument']))}`);
        break;
      case 'UpdateExpression': {
        const span = this.spanOf(node);
        const swap = (sign: string) => (sign === '++' ? '--' : '++');
        this.add(span, this.text(...span).replace(/\+\+|--/, swap));
        break;
      }
      case 'MemberExpression': {
        const property = node['property'] as Node;
        const to = property.type === 'Identifier' ? METHODS[property['value'] as string] : undefined;
        if (to !== undefined) this.add(this.spanOf(property), to);
        break;
      }
      case 'ExpressionStatement':
        if ((node['expression'] as Node).type === 'CallExpression') this.add(this.spanOf(node), ';');
        break;
    }
  }
}

/**
 * Every mutant of one emitted module: operators, signs, conditions, numbers, booleans, minima for maxima, and calls whose result nobody
 * uses. What an error says is left alone.
 *
 * @param url of the module, @param source its text
 */
export function mutantsOf(url: string, source: string): Mutant[] {
  const tree = parseSync(MARK + source, { syntax: 'ecmascript', target: 'es2022' }) as unknown as { body: Node[] };
  const changes = new Changes(url, source, tree.body[0]!.span!.start + MARK.length);
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Node;
    if (node.type === 'NewExpression' || node.type === 'TemplateLiteral' || node.type === 'ImportDeclaration') return;
    if (node.span !== undefined) changes.addNode(node);
    for (const field of Object.values(node)) visit(field);
  };
  visit(tree.body.slice(1));
  return changes.mutants;
}

export function mutated(source: string, { start, end, to }: Mutant): string {
  return source.slice(0, start) + to + source.slice(end);
}
