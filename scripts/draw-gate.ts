/** Draws the pictures of docs/concepts/gate.md from seeded simulations: `npm run draw:gate`. */
import { writeFileSync } from 'node:fs';
import { drawEvidence, drawFalseAlarms } from './draw-gate/pictures.ts';

writeFileSync('docs/concepts/gate-evidence.svg', drawEvidence());
writeFileSync('docs/concepts/gate-false-alarms.svg', drawFalseAlarms());
