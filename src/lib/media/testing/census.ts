/** What a page holds that no collector takes away by itself. */
export interface Holdings {
  readonly peerConnections: number;
  readonly objectUrls: number;
  readonly timers: number;
  readonly sockets: number;
  /** Tracks of canvases that nobody has stopped. */
  readonly captures: number;
  readonly bitmaps: number;
  /** Listeners of the window and the document, which keep what they belong to. */
  readonly listeners: number;
}

type Restore = () => void;

/** Counts what is made and not ended of everything that costs a page dearly, from now until {@link Census.close}. */
export class Census {
  readonly #restores: Restore[] = [];
  readonly #peers = new Set<RTCPeerConnection>();
  readonly #urls = new Set<string>();
  readonly #timers = new Set<number>();
  readonly #sockets = new Set<WebSocket>();
  readonly #tracks = new Set<MediaStreamTrack>();
  readonly #bitmaps = new Set<ImageBitmap>();
  #listeners = 0;

  constructor() {
    const [peers, sockets] = [this.#peers, this.#sockets];
    this.#swap(
      'RTCPeerConnection',
      class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          peers.add(this);
        }
      },
    );
    this.#swap(
      'WebSocket',
      class extends WebSocket {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(url, protocols);
          sockets.add(this);
        }
      },
    );
    this.#followUrls();
    this.#followTimers();
    this.#followTracks();
    this.#followListeners(window);
    this.#followListeners(document);
  }

  get holdings(): Holdings {
    return {
      peerConnections: [...this.#peers].filter(({ signalingState }) => signalingState !== 'closed').length,
      objectUrls: this.#urls.size,
      timers: this.#timers.size,
      sockets: [...this.#sockets].filter(({ readyState }) => readyState < WebSocket.CLOSING).length,
      captures: [...this.#tracks].filter(({ readyState }) => readyState === 'live').length,
      // One that was closed has no size any more.
      bitmaps: [...this.#bitmaps].filter(({ width }) => width > 0).length,
      listeners: this.#listeners,
    };
  }

  /** Puts everything back as it was. */
  close(): void {
    this.#restores.splice(0).forEach((restore) => restore());
  }

  #swap(name: string, value: unknown, owner: object = globalThis): void {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
    this.#restores.push(() => {
      if (before) Object.defineProperty(owner, name, before);
      else Reflect.deleteProperty(owner, name);
    });
  }

  #followUrls(): void {
    const make = URL.createObjectURL.bind(URL);
    const revoke = URL.revokeObjectURL.bind(URL);
    this.#swap(
      'createObjectURL',
      (thing: Blob) => {
        const url = make(thing);
        this.#urls.add(url);
        return url;
      },
      URL,
    );
    this.#swap(
      'revokeObjectURL',
      (url: string) => {
        this.#urls.delete(url);
        revoke(url);
      },
      URL,
    );
  }

  #followTimers(): void {
    const { setTimeout: later, setInterval: often } = globalThis;
    const stop = clearTimeout.bind(globalThis);
    this.#swap('setTimeout', (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const id = Number(
        later(() => {
          this.#timers.delete(id);
          run(...given);
        }, ms),
      );
      this.#timers.add(id);
      return id;
    });
    this.#swap('setInterval', (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const id = Number(often(run, ms, ...given));
      this.#timers.add(id);
      return id;
    });
    for (const name of ['clearTimeout', 'clearInterval'])
      this.#swap(name, (id?: number) => {
        this.#timers.delete(Number(id));
        stop(id);
      });
  }

  #followTracks(): void {
    const tracks = this.#tracks;
    const capture = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, 'captureStream')?.value as (
      this: HTMLCanvasElement,
      rate?: number,
    ) => MediaStream;
    this.#swap(
      'captureStream',
      function (this: HTMLCanvasElement, rate?: number) {
        const stream = rate === undefined ? capture.call(this) : capture.call(this, rate);
        for (const track of stream.getTracks()) tracks.add(track);
        return stream;
      },
      HTMLCanvasElement.prototype,
    );
    const decode = createImageBitmap.bind(globalThis);
    this.#swap('createImageBitmap', async (source: Blob) => {
      const bitmap = await decode(source);
      this.#bitmaps.add(bitmap);
      return bitmap;
    });
  }

  #followListeners(target: EventTarget): void {
    const add = target.addEventListener.bind(target);
    this.#swap(
      'addEventListener',
      (name: string, listener: EventListener, options?: AddEventListenerOptions | boolean) => {
        this.#listeners += 1;
        const { signal, once } = typeof options === 'object' ? options : {};
        let isGone = false;
        const gone = (): void => {
          if (!isGone) this.#listeners -= 1;
          isGone = true;
        };
        signal?.addEventListener('abort', gone, { once: true });
        if (once === true) add(name, gone, { once: true });
        add(name, listener, options);
      },
      target,
    );
    const remove = target.removeEventListener.bind(target);
    this.#swap(
      'removeEventListener',
      (name: string, listener: EventListener, options?: EventListenerOptions | boolean) => {
        this.#listeners -= 1;
        remove(name, listener, options);
      },
      target,
    );
  }
}
