/**
 * Where a request comes from, as far as its socket and its browser tell: another machine, or a page in a browser on this
 * one. A page reaches a server of this machine by its address, or by a name of its own that leads here (DNS rebinding);
 * browsers tell the name in `Host`, the page's origin in `Origin`, and how the two are related in `Sec-Fetch-Site`.
 */

const LOOPBACK_ADDRESS = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/** A name that no DNS can lead elsewhere, with any port. */
const LOCAL_HOST = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i;
const LOCAL_ORIGIN = new RegExp(`^https?://${LOCAL_HOST.source.slice(1)}`, "i");

/** Where a page is, by the headers that browsers add; null where there is none. */
export interface PageHeaders {
  readonly origin: string | null;
  readonly fetchSite: string | null;
}

/** Whether an address is one that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/** Whether the name by which a server was asked can only mean this machine. */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOST.test(host);
}

/** Whether a page of another site asks. */
export function isForeignPage({ origin, fetchSite }: PageHeaders): boolean {
  return (origin !== null && !LOCAL_ORIGIN.test(origin)) || fetchSite === "cross-site";
}

/** Whether any page asks; somebody who types an address is no page. */
export function isPage({ origin, fetchSite }: PageHeaders): boolean {
  return origin !== null || (fetchSite !== null && fetchSite !== "none");
}
