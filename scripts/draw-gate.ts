/** Draws the pictures and fills the tables of README, docs/concepts/gate.md and gate-measured.md: `npm run draw:gate`. */
import { writeFileSync } from 'node:fs';
import { measuredFiles } from './draw-gate/pages.ts';
import { drawEvidence, drawFalseAlarms } from './draw-gate/pictures.ts';

writeFileSync('docs/concepts/gate-evidence.svg', drawEvidence());
writeFileSync('docs/concepts/gate-false-alarms.svg', drawFalseAlarms());
for (const [path, text] of measuredFiles()) writeFileSync(path, text);
