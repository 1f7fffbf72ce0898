// SPDX-License-Identifier: Apache-2.0
// Counts what passed and says what failed; one line a test, one closing line.
export class Tally {
  passed = 0;
  failed = 0;

  async test(name: string, run: () => Promise<string[] | void>): Promise<void> {
    const started = Date.now();
    let faults: string[];
    try {
      faults = (await run()) ?? [];
    } catch (error) {
      faults = [error instanceof Error ? error.message.split('\n').slice(0, 4).join(' / ') : String(error)];
    }
    if (faults.length === 0) {
      ++this.passed;
      if (process.env.VERBOSE) console.log(`ok    ${name} (${Date.now() - started} ms)`);
      return;
    }
    ++this.failed;
    console.log(`FAIL  ${name}`);
    for (const fault of faults) console.log(`      ${fault}`);
  }

  close(): never {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed ? 1 : 0);
  }
}
