import picocolors from 'picocolors';
import type { Paint } from '../pages/live.ts';

/** Colours by meaning; words and marks carry the meaning without them. */
export function paintOf(color: boolean): Paint {
  const { bold, green, red, yellow, dim } = picocolors.createColors(color);
  return { heading: bold, good: green, bad: red, urgent: yellow, faint: dim };
}
