/** The canvas of a tile of the past, while there is one. */
export class TileScreen {
  #brush: CanvasRenderingContext2D | undefined;

  /** Draws on this canvas until the given way to stop is called. */
  attach(canvas: HTMLCanvasElement): () => void {
    this.#brush = canvas.getContext('2d', { alpha: false }) ?? undefined;
    return () => (this.#brush = undefined);
  }

  /** How wide pictures are seen, device px. */
  get width(): number {
    return (this.#brush?.canvas.clientWidth ?? 640) * devicePixelRatio;
  }

  /** Draws it in its own size. A frame is closed; a bitmap stays whose it is. */
  draw(picture: VideoFrame | ImageBitmap): void {
    // Where there are no decoders there are no frames either, not even by name.
    const isFrame = 'displayWidth' in picture;
    const width = isFrame ? picture.displayWidth : picture.width;
    const height = isFrame ? picture.displayHeight : picture.height;
    const canvas = this.#brush?.canvas;
    if (this.#brush && canvas) {
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      this.#brush.drawImage(picture, 0, 0, width, height);
    }
    if (isFrame) picture.close();
  }
}
