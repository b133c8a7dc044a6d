/**
 * Property tests draw the same cases at every run of the suite, so that it is green or red for what was changed. To look further,
 * `PROPERTY_SEED=random npm test`; a number repeats what failed.
 */
import fc from 'fast-check';

const SEED = 20_010_101;
const given = process.env['PROPERTY_SEED'];
if (given !== 'random') fc.configureGlobal({ seed: given === undefined ? SEED : Number(given) });
