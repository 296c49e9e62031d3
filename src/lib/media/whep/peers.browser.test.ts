import { afterEach, describe, expect, it } from 'vitest';
import { offerOf, PeerConnections } from './peers.ts';

const made: RTCPeerConnection[] = [];
const peersOfPage = () =>
  new PeerConnections((configuration) => {
    const connection = new RTCPeerConnection(configuration);
    made.push(connection);
    return connection;
  });
afterEach(() => made.splice(0).forEach((connection) => connection.close()));

describe('peer connections that are made ahead', () => {
  it('are those that are taken, with the offer that was made', async () => {
    const peers = peersOfPage();
    peers.prepare(2);
    const offers = await Promise.all([peers.take(), peers.take()].map(offerOf));
    expect(peers.constructed).toBe(2);
    expect(offers.every(({ sdp }) => sdp?.includes('a=recvonly'))).toBe(true);
    peers.take();
    expect(peers.constructed).toBe(3);
  });

  it('offer the same again when they were turned down', async () => {
    const peers = peersOfPage();
    const peer = peers.take();
    const offer = await offerOf(peer);
    peers.giveBack(peer);
    expect(await offerOf(peers.take())).toBe(offer);
  });

  it('are never many, however many are coming', () => {
    const peers = peersOfPage();
    peers.prepare(36);
    peers.prepare(36);
    expect(peers.constructed).toBe(6);
  });

  it('are left for later where the browser refuses', () => {
    const peers = new PeerConnections(() => {
      throw new DOMException('Cannot create so many PeerConnections', 'UnknownError');
    });
    peers.prepare(4);
    expect(() => peers.take()).toThrow('No more peer connections');
  });
});
