/** What a test card shows: nothing but a function of these and the time. */
export interface CardSubject {
  readonly number: number;
  readonly name: string;
}

interface Light {
  readonly skyTop: string;
  readonly skyLow: string;
  readonly far: string;
  readonly near: string;
  readonly road: string;
  readonly mark: string;
  readonly window: string;
  readonly lamps: boolean;
}

/** Overcast day, dusk and night: the dull colours that street cameras give. */
const lights: readonly [Light, Light, Light] = [
  {
    skyTop: '#8d979c',
    skyLow: '#b4b9b8',
    far: '#7c8483',
    near: '#646a68',
    road: '#55595a',
    mark: '#a9aca8',
    window: '#6f7878',
    lamps: false,
  },
  {
    skyTop: '#3d4654',
    skyLow: '#8b7568',
    far: '#3f4248',
    near: '#2f3237',
    road: '#33353a',
    mark: '#7d7b76',
    window: '#a08a62',
    lamps: true,
  },
  {
    skyTop: '#10141a',
    skyLow: '#232a31',
    far: '#171b20',
    near: '#12151a',
    road: '#1f2226',
    mark: '#5b5d5c',
    window: '#6d6348',
    lamps: true,
  },
];

/** Repeatable chance: the same numbers for the same seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Car {
  /** −1 … 1 across the road. */
  readonly lane: number;
  /** Lengths of the road a second; away from the camera when negative. */
  readonly pace: number;
  readonly start: number;
  readonly shade: string;
}

/** A street seen from a mast: draws itself for a moment. Still parts are drawn once. */
export class Scene {
  readonly #subject: CardSubject;
  readonly #light: Light;
  readonly #horizon: number;
  readonly #vanishing: number;
  readonly #cars: readonly Car[];
  readonly #backdrop: HTMLCanvasElement;

  constructor(subject: CardSubject, width: number, height: number) {
    const random = chance(subject.number * 7919);
    this.#subject = subject;
    this.#light = lights[Math.floor(random() * 3) as 0 | 1 | 2];
    this.#horizon = height * (0.3 + random() * 0.12);
    this.#vanishing = width * (0.3 + random() * 0.4);
    this.#cars = Array.from({ length: 4 + Math.floor(random() * 5) }, () => {
      const lane = [-0.72, -0.26, 0.26, 0.72][Math.floor(random() * 4)] ?? 0.26;
      return {
        lane,
        pace: (lane < 0 ? 1 : -1) * (0.05 + random() * 0.06),
        start: random(),
        shade: ['#3a3f44', '#6b6f70', '#2c3138', '#574a44', '#83837d'][Math.floor(random() * 5)] ?? '#3a3f44',
      };
    });
    this.#backdrop = document.createElement('canvas');
    [this.#backdrop.width, this.#backdrop.height] = [width, height];
    const brush = this.#backdrop.getContext('2d');
    if (brush) this.#drawStill(brush, width, height, random);
  }

  /** Draws the moment `time` (epoch ms). */
  draw(brush: CanvasRenderingContext2D, time: number): void {
    const { width, height } = this.#backdrop;
    brush.drawImage(this.#backdrop, 0, 0);
    const cars = this.#cars.map((car) => {
      const along = (((car.start + (car.pace * time) / 1000) % 1) + 1) % 1;
      return { ...car, along };
    });
    // The far ones first.
    for (const car of cars.sort((a, b) => a.along - b.along)) this.#drawCar(brush, car, width, height);
    this.#drawCaption(brush, time, width, height);
  }

  #drawStill(brush: CanvasRenderingContext2D, width: number, height: number, random: () => number): void {
    const light = this.#light;
    const sky = brush.createLinearGradient(0, 0, 0, this.#horizon);
    sky.addColorStop(0, light.skyTop);
    sky.addColorStop(1, light.skyLow);
    brush.fillStyle = sky;
    brush.fillRect(0, 0, width, this.#horizon + 1);
    brush.fillStyle = light.near;
    brush.fillRect(0, this.#horizon, width, height);
    this.#drawHouses(brush, width, random);

    // The road, from the vanishing point to beyond the lower corners.
    brush.fillStyle = light.road;
    brush.beginPath();
    brush.moveTo(this.#vanishing - 3, this.#horizon);
    brush.lineTo(this.#vanishing + 3, this.#horizon);
    brush.lineTo(width * 1.12, height);
    brush.lineTo(-width * 0.12, height);
    brush.fill();
    brush.fillStyle = light.mark;
    for (let along = 0.04; along < 1; along += 0.085) {
      for (const lane of [-0.5, 0, 0.5]) this.#drawMark(brush, lane, along, width, height);
    }
    const shadow = brush.createRadialGradient(
      width / 2,
      height / 2,
      height * 0.5,
      width / 2,
      height / 2,
      width * 0.65,
    );
    shadow.addColorStop(0, 'transparent');
    shadow.addColorStop(1, 'rgb(0 0 0 / 35%)');
    brush.fillStyle = shadow;
    brush.fillRect(0, 0, width, height);
  }

  #drawHouses(brush: CanvasRenderingContext2D, width: number, random: () => number): void {
    for (let x = -10; x < width;) {
      const breadth = 18 + random() * 60;
      const rise = this.#horizon * (0.12 + random() * 0.6) * (Math.abs(x - this.#vanishing) < 60 ? 0.4 : 1);
      brush.fillStyle = random() < 0.5 ? this.#light.far : this.#light.near;
      brush.fillRect(x, this.#horizon - rise, breadth, rise + 2);
      brush.fillStyle = this.#light.window;
      for (let y = this.#horizon - rise + 5; y < this.#horizon - 5; y += 7) {
        for (let at = x + 4; at < x + breadth - 4; at += 6) {
          if (random() < 0.16) brush.fillRect(at, y, 2, 3);
        }
      }
      x += breadth + random() * 14;
    }
  }

  /** Where a point of the road is on the picture: `along` 0 at the horizon, 1 at the lower edge. */
  #place(
    lane: number,
    along: number,
    width: number,
    height: number,
  ): { x: number; y: number; scale: number } {
    const depth = along * along;
    const centre = this.#vanishing + (width / 2 - this.#vanishing) * depth;
    return {
      x: centre + lane * width * 0.6 * depth,
      y: this.#horizon + (height - this.#horizon) * depth,
      scale: depth,
    };
  }

  #drawMark(
    brush: CanvasRenderingContext2D,
    lane: number,
    along: number,
    width: number,
    height: number,
  ): void {
    const from = this.#place(lane, along, width, height);
    const to = this.#place(lane, along + 0.035, width, height);
    const half = 0.006 * width;
    brush.beginPath();
    brush.moveTo(from.x - half * from.scale, from.y);
    brush.lineTo(from.x + half * from.scale, from.y);
    brush.lineTo(to.x + half * to.scale, to.y);
    brush.lineTo(to.x - half * to.scale, to.y);
    brush.fill();
  }

  #drawCar(
    brush: CanvasRenderingContext2D,
    { along, lane, pace, shade }: Car & { along: number },
    width: number,
    height: number,
  ): void {
    const { x, y, scale } = this.#place(lane, along, width, height);
    if (scale < 0.004) return;
    const breadth = width * 0.17 * scale;
    const rise = breadth * 0.62;
    brush.fillStyle = 'rgb(0 0 0 / 30%)';
    brush.fillRect(x - breadth * 0.54, y - rise * 0.12, breadth * 1.08, rise * 0.2);
    brush.fillStyle = this.#light.lamps ? '#17191c' : shade;
    brush.fillRect(x - breadth / 2, y - rise * 0.62, breadth, rise * 0.6);
    brush.fillRect(x - breadth * 0.38, y - rise, breadth * 0.76, rise * 0.45);
    brush.fillStyle = this.#light.lamps ? '#0c0d10' : '#42494c';
    brush.fillRect(x - breadth * 0.32, y - rise * 0.93, breadth * 0.64, rise * 0.3);
    const comesNearer = pace > 0;
    brush.fillStyle = comesNearer ? (this.#light.lamps ? '#e9e0c4' : '#b9bbb5') : '#8c3b33';
    const lamp = Math.max(1, breadth * 0.12);
    brush.fillRect(x - breadth * 0.46, y - rise * 0.45, lamp, lamp * 0.7);
    brush.fillRect(x + breadth * 0.46 - lamp, y - rise * 0.45, lamp, lamp * 0.7);
  }

  #drawCaption(brush: CanvasRenderingContext2D, time: number, width: number, height: number): void {
    const size = Math.round(height / 22);
    const pad = Math.round(size * 0.5);
    const clock = new Date(time).toISOString().replace('T', ' ').replace('Z', '').slice(0, -2);
    const name = `${String(this.#subject.number).padStart(3, '0')}  ${this.#subject.name}`;
    brush.font = `${size}px "IBM Plex Mono", ui-monospace, monospace`;
    brush.textBaseline = 'bottom';
    brush.fillStyle = 'rgb(0 0 0 / 45%)';
    brush.fillRect(0, height - size - pad * 2, width, size + pad * 2);
    brush.fillStyle = '#e6e6e2';
    const clockWidth = brush.measureText(clock).width;
    brush.fillText(clock, width - clockWidth - pad, height - pad);
    brush.fillText(name, pad, height - pad, width - clockWidth - pad * 4);
  }
}
