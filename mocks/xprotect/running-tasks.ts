import type { FeatureSet } from './features.ts';
import { errorBody, oddJson } from './odd-json.ts';

interface RestAnswer {
  readonly status: number;
  readonly body: string;
}

interface RunningTask {
  readonly name: string;
  /** What it finds out. */
  readonly outcome: object;
  looks: number;
}

/** How often a task is looked at before it is done. */
const looksUntilDone = 2;

/** Answers of tasks, and the tasks behind those that are not done at once: `/tasks/{n}`, until somebody tidies up. */
export class RunningTasks {
  readonly #tasks = new Map<string, RunningTask>();
  /** Numbers are the server's, not ours alone. */
  #last = 32;

  /** Tasks that nobody has tidied up. */
  get size(): number {
    return this.#tasks.size;
  }

  /** The answer to a task that has this outcome. */
  begin(name: string, outcome: object, { taskAnswers }: FeatureSet): RestAnswer {
    if (taskAnswers !== 'polled')
      return {
        status: taskAnswers === 'created' ? 201 : 200,
        body: oddJson({ result: { ...outcome, state: 'Success' } }),
      };
    const id = String(++this.#last);
    this.#tasks.set(id, { name, outcome, looks: 0 });
    return {
      status: 200,
      body: oddJson({ result: { progress: 0, state: 'Idle', path: { type: 'tasks', id } } }),
    };
  }

  /** `GET /tasks/{n}`. That the outcome stands beside the state when it is done is our guess. */
  look(id: string): RestAnswer {
    const task = this.#tasks.get(id);
    if (task === undefined) return unknown(id);
    const isDone = ++task.looks >= looksUntilDone;
    const data = {
      displayName: task.name,
      progress: isDone ? 100 : 50,
      state: isDone ? 'Success' : 'InProgress',
      errorCode: '',
      errorText: '',
      ...(isDone ? task.outcome : {}),
      relations: { self: { type: 'tasks', id } },
    };
    return { status: 200, body: oddJson({ data }) };
  }

  /** `POST /tasks/{n}?task=TaskStop|TaskCleanup`. */
  do(id: string, task: string | null): RestAnswer {
    if (!this.#tasks.has(id)) return unknown(id);
    const name = task?.toLowerCase();
    if (name !== 'taskcleanup' && name !== 'taskstop')
      return { status: 400, body: errorBody(400, `Bad request: Unknown task ${task ?? ''}`) };
    this.#tasks.delete(id);
    return { status: 200, body: oddJson({ result: { state: 'Success' } }) };
  }
}

const unknown = (id: string): RestAnswer => ({ status: 404, body: errorBody(404, `Not found: tasks/${id}`) });
