/** Shows a stream in an element; gives the way to let go of it. See `MediaSession.attach`. */
export function attachStream(video: HTMLVideoElement, stream: MediaStream): () => void {
  video.srcObject = stream;
  return () => {
    // Chromium counts media players that still hold a stream against the page.
    if (video.srcObject === stream) video.srcObject = null;
  };
}
