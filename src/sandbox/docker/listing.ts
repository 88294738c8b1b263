/**
 * What a daemon's listing is worth. One that was stopped while it removed a container may go on listing it as dead,
 * though every request for it answers that there is none, until it starts again (moby/moby#51692).
 */

/** A container in the answer to `GET /containers/json`, as far as it matters here. */
export interface Listed {
  readonly Id: string;
  readonly State: string;
}

/** Leaves out what is only listed. `isKnown` asks the daemon for one container. */
export async function withoutGone<T extends Listed>(
  listed: readonly T[],
  isKnown: (id: string) => Promise<boolean>,
): Promise<T[]> {
  const looks = listed.map(async (container) => {
    const isThere = container.State !== "dead" || (await isKnown(container.Id));
    return isThere ? [container] : [];
  });
  return (await Promise.all(looks)).flat();
}
