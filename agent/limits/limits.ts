const KIB = 1024
const MIB = 1024 * KIB
const SECOND = 1000

/** What one client, and all of them together, may take from the node. Tests give smaller ones. */
export const limits = {
  /** The largest request of a plugin is some hundred bytes. What is larger is refused by its header, before it is read. */
  frameBytes: 64 * KIB,
  /** A WebSocket message may come in pieces, but nobody needs many for 64 KiB. */
  fragments: 64,
  /** A plugin holds one connection for each node; some people, a dashboard and `status` come to a dozen. */
  connections: 64,
  /** Of one token. A plugin asks for a new one for each connection. */
  connectionsOfToken: 8,
  /** How often one token may come at once, and each second: two lines of the record for each time. */
  connectionBurst: 20,
  connectionsPerSecond: 0.2,
  /**
   * Sockets that have not signed in: handshakes under way. When one more comes, one makes room. With `connections` they are fewer
   * than a relay passes on, so that it is the agent who decides which.
   */
  unauthenticatedConnections: 56,
  /** Handshake and review take milliseconds, through a slow forward a second or two. */
  signInMs: 15 * SECOND,
  /** A token has about 1.2 KB, and kubectl adds nothing. */
  headerBytes: 16 * KIB,
  tokenChars: 8 * KIB,

  /** Whoever reads a dump asks for one piece after the other; beyond this rate the connection is read more slowly. */
  requestsPerSecond: 500,
  /** All clients together: a status takes a tenth of a millisecond. */
  requestsPerSecondOfAll: 1000,
  /** Requests that had already arrived when the rate was exceeded. More of them is no plugin. */
  waitingRequests: 1024,
  /** Pings, pongs and the like of one connection, at once and each second. A plugin sends one in 20 s. */
  signsOfLife: 100,
  signsOfLifePerSecond: 2,
  /** Requests that one message may hold. */
  batch: 32,
  /** One plugin asks for some documents at once. */
  running: 16,
  subscriptions: 4,
  /** What may wait to be sent before the next piece is added: keeps a fast line busy. */
  unsentBytes: 512 * KIB,
  /** A client that has this much waiting and is to get still more does not read. */
  unreadBytes: 4 * MIB,
  /** The same for all clients together: the one that has the most waiting is cut off. */
  unreadBytesOfAll: 32 * MIB,
  /** A client is asked for a sign of life after this long, */
  pingMs: 20 * SECOND,
  /** and is gone when none comes: a piece of a dump needs that long on a very slow line. */
  pongMs: 30 * SECOND,
  /** Between two messages of one subscription: a person reads no faster. */
  changeMs: 200,

  /** A review is answered in milliseconds, also by a busy API server. */
  reviewMs: 10 * SECOND,
  /** Reviews that are asked at once, and sign-ins that may wait for their turn. */
  reviews: 4,
  waitingReviews: 64,
  /** The API server's keys are asked for again after this long, */
  keysMs: 600 * SECOND,
  /** when a token names one that is not known, but not sooner than this after the last time, */
  keyPauseMs: 2 * SECOND,
  /** and less and less often when it does not give them. */
  longestKeyPauseMs: 60 * SECOND,
  /** Tokens whose signature cannot be checked here, reviewed at once and each second: they may all be forged. */
  uncheckedReviews: 2,
  uncheckedBurst: 20,
  uncheckedPerSecond: 10,
  /** The API server itself holds a good answer for 10 s. */
  goodReviewMs: 10 * SECOND,
  /** A token that was bad does not become good. */
  badReviewMs: 60 * SECOND,
  /** Somebody may just be about to give the right. */
  deniedRightMs: 3 * SECOND,
  rememberedReviews: 1000,

  /** Lines of each kind that clients cause are logged at once, and how many each second: 3 MB a day at most. */
  loggedLines: 20,
  loggedLinesPerSecond: 0.1,
  /** Failed requests of one connection that are logged. Their number comes with the line that says that it is gone. */
  loggedFailures: 3,

  /** A tool that hangs is stopped. A save of 100 MB takes some seconds. */
  toolMs: 120 * SECOND,
  toolBytes: 2 * 1024 * MIB,
  /** Azure NPM answers from memory; a page has some hundred KB, its cache some MB. */
  npmPageMs: 5 * SECOND,
  npmPageBytes: 64 * MIB,
  /** Reads under way at once. Each of their tools runs once at a time, so that one that hangs holds up nothing else. */
  reads: 8,
  /** A read that began this long ago is shared with whoever asks for the same. */
  sharedReadMs: 5 * SECOND,
  snapshots: 16,
  /** Of one token. A plugin has one open. */
  snapshotsOfToken: 2,
  /** A read that finds too many others under way waits this long at most, and so many wait. */
  readQueueMs: 20 * SECOND,
  waitingReads: 32,
  /** All that is held for readers, as gzip: about 800 MB of rules. */
  snapshotBytes: 96 * MIB,
  /** A reader that was cut off may come back for the rest within this time. */
  snapshotMs: 60 * SECOND,
  pieceBytes: 256 * KIB,
  /** The first lists begin within some seconds of the start, by chance, and take a second or two. */
  firstListsMs: 10 * SECOND,
  /** The agent compares rules and sets up to this size; the plugin, which has a person's machine, compares larger ones. */
  diffBytes: 32 * MIB,
  /**
   * Rules that walks look at to find the effects of differences. They take a second or two, in which nobody else is answered; 1,000
   * missing members of 20,000 pods and 2,000 policies need a third of it.
   */
  diffLooks: 1_500_000,
  /** Nobody reads more differences; their number is told. */
  differences: 5000,

  /**
   * Of a processor: what reading counters may take; with what sending them takes it is a fiftieth. Where reads take more, the next ones
   * come later,
   */
  liveShare: 0.017,
  /** beyond this much, in milliseconds of a processor: two samples make a rate, and who has just come does not wait for it, */
  liveBurstMs: SECOND,
  /** but not later than this. */
  longestLiveMs: 60 * SECOND,
  /** Members of sets change less often than counters, */
  liveSetsMs: 5 * SECOND,
  /** and a page of Azure NPM may have some hundred KB. */
  livePageMs: 15 * SECOND,
  /** Between two comparisons for those who watch. */
  liveDiffMs: 30 * SECOND,

  /** A plan that clients send: its gzip stream, of one token, and of all. Some hundred thousand operations have some MB. */
  stagedBytes: 8 * MIB,
  stagedBytesOfAll: 24 * MIB,
  /** Unpacked: 160,000 operations, one and a half times those of 20,000 pods and 2,000 policies. It is parsed at once, beside all else in a heap of 256 MB; one of 64 MiB ended the agent. */
  planBytes: 32 * MIB,
  /** On average. Of operations it is 25 and more. */
  planBytesOfValue: 20,
  /** Of one token, begun and not yet applied. */
  stagedPlans: 2,
  /** A plan that nobody applies is forgotten. */
  stagedMs: 120 * SECOND,
  /** Writes that wait for the one under way. */
  waitingWrites: 4,
  /** How often the agent looks whether another process has written, or has left something to take back. */
  writesCheckMs: 5 * SECOND,
  /** Writes that were refused and are logged, of one connection. Their number comes with the line that says that it is gone. */
  loggedRefusedWrites: 3,

  /** Scrapers that stay connected; one that has not been heard of for longest makes room. A cluster has one or two, and some people. */
  scrapers: 32,
  /**
   * Connections from one address, at once and each second: a handshake takes two milliseconds of a processor, and the port can be reached from
   * everywhere in the cluster.
   */
  scraperBurst: 30,
  scrapersPerSecond: 2,
  /** Prometheus keeps its connection from one scrape to the next. */
  scraperIdleMs: 150 * SECOND,
  /** A page of some MB takes a moment; whoever has not taken it by then does not read. */
  scrapeSendMs: 30 * SECOND,
  /** As kube-rbac-proxy has it: all nodes are scraped each half a minute, and the API server need not be asked each time. */
  scraperReviewMs: 120 * SECOND,
  /** A read of the node serves the scrapes of the next moments, */
  sharedScrapeMs: 2 * SECOND,
  /** and where it takes long for so many times as long: whoever scrapes without a pause takes a tenth of the time at most. */
  scrapePauses: 10,
  /** What rules have counted is written to the disk at most so often: a restarted agent reads what came since from the kernel. */
  countsSaveMs: 60 * SECOND,
  /** The node is compared with its policies for metrics at most so often, */
  comparisonMs: 300 * SECOND,
  /** and where that takes long after so many times as long: 2 % of the time. */
  comparisonPauses: 50,
  /** Another program may hold the port for metrics. It is tried again after this long. */
  metricsRetryMs: 15 * SECOND,
  /**
   * For metrics so many kinds of senders times kinds of receivers are judged at most, which takes two seconds, in which all others wait. Pods are
   * of one kind that no policy and no set tells apart: 20,000 pods of 50 namespaces with 40 labels are a thousand, 30 of them on a node.
   */
  verifiedPairs: 70_000,

  /** How soon an agent ends whose socket was taken away: nobody could reach it. */
  socketCheckMs: 5 * SECOND,
  /** The pod's grace period is longer than this. */
  stopMs: 5 * SECOND,
} as const satisfies Readonly<Record<string, number>>

export type Limits = {readonly [Name in keyof typeof limits]: number}
