import { PeerConnection, type Track } from 'node-datachannel';
import { expect, it, onTestFinished } from 'vitest';
import { openSendingPeer } from './sending-peer.ts';

/** What a server answers; it calls every candidate of the offer at once, as servers do. */
async function answered(offer: string): Promise<string> {
  const connection = new PeerConnection('endpoint', { iceServers: [], forceMediaTransport: true });
  /** A track that nobody holds is collected. */
  const tracks: Track[] = [];
  connection.onTrack((track) => tracks.push(track));
  onTestFinished(() => {
    connection.close();
    tracks.length = 0;
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  connection.onGatheringStateChange((state) => {
    if (state === 'complete') resolve(undefined);
  });
  connection.setRemoteDescription(offer, 'offer');
  await promise;
  return connection.localDescription()?.sdp ?? '';
}

it('cannot be called before it has the answer, and connects with it', async () => {
  const opened = Promise.withResolvers<string>();
  const peer = await openSendingPeer(
    undefined,
    { ssrc: 4711, cname: 'push' },
    { open: () => opened.resolve('open'), gone: () => opened.resolve('gone'), rtcp: () => undefined },
  );
  onTestFinished(() => {
    peer.close();
  });
  // Checks that find us before the answer does cost a second, or the connection.
  expect(peer.offer).not.toMatch(/^a=(?:candidate|end-of-candidates)/m);
  expect(peer.offer).toMatch(/^m=video 9 .*\r\nc=IN IP4 0\.0\.0\.0\r\n/m);
  const answer = await answered(peer.offer);
  expect(peer.answered(answer)).toBe(96);
  expect(await opened.promise).toBe('open');
});
