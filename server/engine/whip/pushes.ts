import { EngineError } from '../error.ts';
import type { Log } from '../log.ts';
import type { Path } from '../source/path.ts';
import { WhipPush, type WhipItem, type WhipTimes } from './push.ts';
import type { WhipTarget } from './target.ts';

/** The paths there are, as far as pushing is concerned; an `Engine` is one. */
export interface PathShelf {
  /** Throws `not-found` where nobody wants the path. */
  path(name: string): Path;
  /** A reader that is no session has left: it may have been the last one. */
  left(name: string): void;
}

/** The pushes of all paths, at most one each. */
export class WhipPushes {
  readonly #paths: PathShelf;
  readonly #log: Log;
  readonly #times: WhipTimes | undefined;
  readonly #pushes = new Map<string, WhipPush>();
  readonly #leaving = new Set<Promise<void>>();
  #isClosed = false;

  constructor(paths: PathShelf, log: Log, times?: WhipTimes) {
    this.#paths = paths;
    this.#log = log;
    this.#times = times;
  }

  /** Pushes the path there. The same target again takes its fresh token and changes nothing else. Throws `not-found`. */
  replace(name: string, target: WhipTarget): void {
    if (this.#isClosed) throw new EngineError('overloaded', 'The engine is ending.');
    const path = this.#paths.path(name);
    const running = this.#pushes.get(name);
    if (running?.renew(target) === true) return;
    if (running !== undefined) this.#end(name, running);
    const push = new WhipPush({
      path,
      target,
      log: this.#log,
      ...(this.#times === undefined ? {} : { times: this.#times }),
    });
    this.#pushes.set(name, push);
  }

  /** Ends the push of a path; gives whether there was one. */
  delete(name: string): boolean {
    const push = this.#pushes.get(name);
    if (push === undefined) return false;
    this.#end(name, push);
    return true;
  }

  item(name: string): WhipItem | undefined {
    return this.#pushes.get(name)?.item;
  }

  /** Ends all and waits until the endpoints know. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [name, push] of this.#pushes) this.#end(name, push);
    await Promise.all(this.#leaving);
  }

  #end(name: string, push: WhipPush): void {
    this.#pushes.delete(name);
    push.close();
    const left = push.ended.finally(() => {
      this.#leaving.delete(left);
      this.#paths.left(name);
    });
    this.#leaving.add(left);
  }
}
