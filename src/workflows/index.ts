/** Every workflow a worker can run; the bundle starts here. */
export { campaign } from './campaign.ts';
export { collection } from './collection.ts';
export { experiment } from './experiment.ts';
export { experimentation } from './experimentation.ts';
export { incident } from './incident.ts';
export { lifecycle } from './lifecycle.ts';
export { monitoring } from './monitoring.ts';
export { promotion } from './promotion.ts';
export { rollout } from './rollout.ts';
