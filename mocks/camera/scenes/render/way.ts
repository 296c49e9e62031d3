/** A place on the ground and the direction (radians, counter-clockwise from east) in which the way goes on. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
}

/** A way over the ground: straights, with corners rounded by arcs of quadratic curves. */
export class Way {
  readonly length: number;
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  readonly #at: number[] = [];

  /** `corners` in metres; every inner corner is rounded by up to `radius` metres. */
  constructor(corners: readonly (readonly [number, number])[], radius = 8) {
    const add = (x: number, y: number): void => {
      const n = this.#x.length;
      const last = n === 0 ? 0 : Math.hypot(x - (this.#x[n - 1] ?? 0), y - (this.#y[n - 1] ?? 0));
      if (n > 0 && last < 1e-6) return;
      this.#at.push((this.#at[n - 1] ?? 0) + last);
      this.#x.push(x);
      this.#y.push(y);
    };
    corners.forEach(([x, y], i) => {
      const before = corners[i - 1];
      const after = corners[i + 1];
      if (!before || !after) {
        add(x, y);
        return;
      }
      const back = Math.hypot(before[0] - x, before[1] - y);
      const on = Math.hypot(after[0] - x, after[1] - y);
      const cut = Math.min(radius, back / 2, on / 2);
      const [ax, ay] = [x + ((before[0] - x) * cut) / back, y + ((before[1] - y) * cut) / back];
      const [bx, by] = [x + ((after[0] - x) * cut) / on, y + ((after[1] - y) * cut) / on];
      for (let step = 0; step <= 16; step++) {
        const k = step / 16;
        const l = 1 - k;
        add(ax * l * l + 2 * x * k * l + bx * k * k, ay * l * l + 2 * y * k * l + by * k * k);
      }
    });
    this.length = this.#at.at(-1) ?? 0;
  }

  /** The spot `way` metres along; beyond either end it goes straight on. */
  spot(way: number): Spot {
    const n = this.#at.length;
    let low = 0;
    let high = n - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#at[middle] ?? 0) <= way) low = middle;
      else high = middle - 1;
    }
    const [x0, y0, x1, y1] = [
      this.#x[low] ?? 0,
      this.#y[low] ?? 0,
      this.#x[low + 1] ?? 0,
      this.#y[low + 1] ?? 0,
    ];
    const span = (this.#at[low + 1] ?? 1) - (this.#at[low] ?? 0);
    const k = (way - (this.#at[low] ?? 0)) / span;
    return { x: x0 + (x1 - x0) * k, y: y0 + (y1 - y0) * k, heading: Math.atan2(y1 - y0, x1 - x0) };
  }

  /** Where a body with axles `wheelbase` metres apart stands when its middle is `way` metres along: it cuts corners gently. */
  stand(way: number, wheelbase = 2.7): Spot {
    const front = this.spot(way + wheelbase / 2);
    const rear = this.spot(way - wheelbase / 2);
    return {
      x: (front.x + rear.x) / 2,
      y: (front.y + rear.y) / 2,
      heading: Math.atan2(front.y - rear.y, front.x - rear.x),
    };
  }
}
