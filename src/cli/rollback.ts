import { rollback } from '../client/rollout.ts';
import { orderCommand } from './order.ts';

export const command = orderCommand('rollback', rollback);
