import { reject } from '../client/rollout.ts';
import { orderCommand } from './order.ts';

export const command = orderCommand('reject', reject);
