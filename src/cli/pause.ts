import { pause } from '../client/rollout.ts';
import { orderCommand } from './order.ts';

export const command = orderCommand('pause', pause);
