/** Ends a drill whose further steps depend on what has not come. */
export class NotMet extends Error {
  override readonly name = 'NotMet';
  readonly expectation: string;

  constructor(expectation: string, found: string) {
    super(found);
    this.expectation = expectation;
  }
}
