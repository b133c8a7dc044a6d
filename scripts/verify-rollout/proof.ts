/** One thing that was to be shown, what was measured, and whether it holds. */
export interface Proof {
  readonly title: string;
  readonly measured: string;
  readonly passed: boolean;
}
