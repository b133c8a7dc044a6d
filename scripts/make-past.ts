/**
 * Writes the table that docs/guides/judge-a-past-experiment.md judges: `npm run make:past -- my_ab.csv`. Seeded: the same on every machine.
 * Two weeks of a comparison of two checkouts, half and half; the new one fails two more of 100 users.
 */
import { writeFileSync } from 'node:fs';
import { randomFrom } from '../src/simulation/gate/random.ts';

const USERS = 24_000;
const DAYS = 14;
const BEGIN_MS = Date.UTC(2024, 2, 1);
const DAY_MS = 86_400_000;
const SEED = 1;
const WORSE_BY = 0.02;
const COUNTRIES = ['de', 'fr', 'pl'];
/** Loss of the old checkout by country. */
const BASE = [0.04, 0.05, 0.07];
const RETURNING = 0.1;

const random = randomFrom(SEED);
const rows: Array<readonly [at: number, line: string]> = [];
for (let user = 0; user < USERS; user++) {
  const country = Math.floor(random() * COUNTRIES.length);
  const variant = random() < 0.5 ? 'B' : 'A';
  const rate = BASE[country]! + (variant === 'B' ? WORSE_BY : 0);
  const first = random() * DAYS * DAY_MS;
  const visits = random() < RETURNING ? [first, Math.min(first + random() * DAY_MS, DAYS * DAY_MS - 1000)] : [first];
  for (const visit of visits) {
    const at = BEGIN_MS + visit;
    const failed = random() < rate ? 1 : 0;
    const assigned = new Date(Math.floor(at / 1000) * 1000).toISOString().replace('.000Z', 'Z');
    rows.push([at, `u${user},${variant},${assigned},${failed},${COUNTRIES[country]}`]);
  }
}
rows.sort(([a], [b]) => a - b);
const path = process.argv[2] ?? 'my_ab.csv';
writeFileSync(path, `user,variant,assigned_at,failed,country\n${rows.map(([, line]) => line).join('\n')}\n`);
process.stdout.write(`wrote ${path}: ${rows.length} rows of ${USERS} users\n`);
