import type { SiteCamera } from '#mocks/site/cameras.ts';
import { siteHardware, siteRecorders } from '#mocks/site/hardware.ts';
import { selfSigned, type Certificate } from './certificate.ts';
import type { RecorderParts } from './image-server/connection.ts';
import { Recorder } from './image-server/recorder.ts';

/** The recording servers of the site, and the stand-ins that take over from them. */
export class RecorderSet {
  readonly #host: string;
  readonly #partsOf: (number: number) => RecorderParts;
  readonly #own = new Map<number, Recorder>();
  readonly #standIns = new Map<number, Recorder>();
  readonly #certificate: Certificate;
  readonly #secure: ReadonlySet<number>;

  private constructor(host: string, secure: readonly number[], partsOf: (number: number) => RecorderParts) {
    this.#host = host;
    this.#secure = new Set(secure);
    this.#certificate = selfSigned(host);
    this.#partsOf = partsOf;
  }

  /** Starts all of them. `shared`: what they have in common; `secure`: those that speak TLS only. */
  static async start(
    host: string,
    cameras: readonly SiteCamera[],
    shared: Omit<RecorderParts, 'cameras'>,
    secure: readonly number[],
  ): Promise<RecorderSet> {
    const numbers = new Set(cameras.map(({ number }) => number));
    const recordedBy = (recorderId: string): Map<string, SiteCamera> =>
      new Map(
        siteHardware
          .filter((box) => box.recorderId === recorderId)
          .flatMap((box) => box.channels)
          .flatMap((camera) =>
            camera === undefined || !numbers.has(camera.number) ? [] : [[camera.id, camera] as const],
          ),
      );
    const ids = new Map(siteRecorders.map(({ number, id }) => [number, id]));
    const made = new RecorderSet(host, secure, (number) => ({
      ...shared,
      cameras: recordedBy(ids.get(number) ?? ''),
    }));
    for (const { number } of siteRecorders) made.#own.set(number, await made.#start(number));
    return made;
  }

  /** `webServerUri` of a recorder: its stand-in's, while that has taken over. */
  addressOf(number: number): string {
    const recorder = this.#standIns.get(number) ?? this.#own.get(number);
    return `${this.#secure.has(number) ? 'https' : 'http'}://${this.#host}:${recorder?.port ?? 0}/`;
  }

  /** The certificate of those that speak TLS, PEM: it has signed itself. */
  get ca(): string {
    return this.#certificate.certificate;
  }

  #start(number: number): Promise<Recorder> {
    const certificate = this.#secure.has(number) ? this.#certificate : undefined;
    return Recorder.start(this.#partsOf(number), this.#host, certificate);
  }

  get #all(): Recorder[] {
    return [...this.#own.values(), ...this.#standIns.values()];
  }

  get connectionCount(): number {
    return this.#all.reduce((sum, recorder) => sum + recorder.connectionCount, 0);
  }

  goOffline(number: number): void {
    this.#own.get(number)?.goOffline();
  }

  /** From now on it answers nothing. */
  hang(number: number): void {
    this.#own.get(number)?.hang();
  }

  /** Rejects when another process has taken the port in the meantime. A stand-in gives the cameras back. */
  async goOnline(number: number): Promise<void> {
    await this.#own.get(number)?.goOnline();
    this.#standIns.get(number)?.close();
    this.#standIns.delete(number);
  }

  /** The recorder is gone, and a failover server has its cameras and all they have recorded, elsewhere. */
  async failOver(number: number): Promise<void> {
    const own = this.#own.get(number);
    if (own?.isHung !== true) own?.goOffline();
    if (this.#standIns.has(number)) return;
    const standIn = await this.#start(number);
    this.#standIns.set(number, standIn);
  }

  meetFault(cameraNumber: number): void {
    for (const recorder of this.#all) recorder.meetFault(cameraNumber);
  }

  meetMake(cameraNumber: number): void {
    for (const recorder of this.#all) recorder.meetMake(cameraNumber);
  }

  killConnections(): void {
    for (const recorder of this.#all) recorder.killConnections();
  }

  close(): void {
    for (const recorder of this.#all) recorder.close();
  }
}
