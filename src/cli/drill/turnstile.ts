/** Event time stops here at every settled boundary until the script of a drill lets it pass. */
export class Turnstile {
  #waiting: { readonly through: number; readonly pass: () => void } | null = null;
  #arrived: ((through: number) => void) | null = null;

  /** Called by the traffic. Resolves when the script asks for the next boundary. */
  arrive(through: number): Promise<void> {
    return new Promise((pass) => {
      this.#waiting = { through, pass };
      this.#arrived?.(through);
      this.#arrived = null;
    });
  }

  /** Called by the script: lets the boundary pass at which event time stands. */
  letPass(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.pass();
  }

  /** The boundary at which event time stands, or stops next; epoch milliseconds. */
  next(): Promise<number> {
    if (this.#waiting !== null) return Promise.resolve(this.#waiting.through);
    return new Promise((resolve) => (this.#arrived = resolve));
  }
}
