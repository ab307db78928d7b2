/**
 * Words that may stay in comments, logs and messages: English, and the vocabulary of the tools, Kubernetes and Azure NPM. Any
 * other word may be somebody's name and is replaced. A word of the dump's own names is replaced even if it is listed here.
 */
const TEXT = `
a able about above abort aborted absent accept accepted access action actions active add added adding additional address addresses
admission after again age agent ago ahead all allow allowed allowing already also always am an and annotation annotations another any anyway
api apis apiserver app append application applied applies apply applying approved apps april are args argument arguments as asked asking
assigned async at attempt attempted attempts audit august auth authorization auto available avoid away azure azurecontainernetworking
back backend background backoff bad base batch batchv be because become been before began begin being below best between big block
blocked blocks body bool boot bootup both bound bridge broken bucket buckets buffer buffered bug build built burst busy but by byte bytes
cache cached caches caching call called caller calling calls can canary cancel canceled cancelled cannot cap capabilities case caught
cause caused certificate chain chains change changed changes check checked checking checksum child cidr cidrs clean cleaned cleaning
cleanup clear cleared client clients close closed closing cloud cluster clusterip clusters code codes collect collected collecting collection
com command commands comment comments commit complete completed completely component condition config configmap configuration configure
configured conflict connect connected connecting connection connections conntrack consistent consumed contact container containerd containers content contents
context continue control controller controllers converge copy core correct correctly corrupt could count counter counters cpu crash
create created creates creating creation cri critical current currently custom cut
daemon daemonset daemonsets data dataplane date day days dead deadline debug december decode decision declared default defer del delay
delete deleted deletes deleting deletion denied deny depends deployment describe desired destination destroy destroyed detail details
detected device did die died diff difference different dir direct direction directory dirty disabled disk dispatch display dns do docker
document documents does done down drained drift drop dropped dropping drops dst due dump duplicate duration during
each early echo egress eight either element else empty emptied enable enabled encode encountered end ended endpoint endpoints endport
ends enforce enforced enforcement ensure ensured entries entry env eof equal err errno error errors escape established etcd eth event events
ever every exact except exceptions exchange exclusive exec executable execute executed executing execution exist existing exists exit
exited expect expected expired explicit expose extra
fail failed failing fails failure failures false fast fatal features february feed fetch few field fields file filename files filter
filtered final finalizer finally find fine finish finished first five fixed flag flags flannel flow flows flush flushed flushing follow
following for forbidden force forced fork format forward forwarding found four free fresh friday from frozen full func function further
gateway gave generate generated generation generic get gets getting github given global gnu go goes going golang gone good goroutine
got grace graceful group groups grpc gzip
had handle handled handler handlers handling has hash hashed hashes have having head header headers health healthy heartbeat held
helm help here high hint history hns hold holds host hostname hostnetwork hour hours how http https hyper
icmp icmpv id identical identity idle ids if ignore ignored ignoring image immediately in inactive include included incoming incorrect
increment index indexer indices inet info informer informers ingress init initial initialize initialized initializing inner input insert
inserted inside insights install installed instance instead int integer interface interfaces internal interrupted interval into invalid
invoked io ip ipam ipblock ipblocks ips ipset ipsets iptable iptables ipv4 ipv6 is issue issued it item items iteration its itself
january job jobs json july jump jumped jumping jumps june just
k8s keep keeps kept kernel key keys kill killed kind klog know known kube kubeconfig kubelet kubernetes kubeproxy
label labels lacks large last late latency later latest launch layer lead leader leading least leave left legacy len length less level
libip libkmod limit limited limits line lines link linux list listed listen listening listing lists lite live load loaded loading local
localhost lock locked log logger logging logic logs long longer lookup loop loss lost low
made main make makes making managed manager manifest manual many map mapping mappings maps march mark marked marking marks mask match matched matches
matching max maximum may me mean means meanwhile member members memory message messages metadata metric metrics microsoft might mili millisecond
milliseconds min minimum minute minutes mismatch missed missing mode model modified modify module modules moment monday monitor month more
most mount move moved much multiple must mutex my
name named names namespace namespaces nat need needed needs negated negative neither nested net netfilter netlink netns netpol netpols network networking
networkpolicies networkpolicy networks never new newer newest next nf nfnetlink nft nftables nil nine no node nodename nodes nomatch non none normal not
note nothing notice notification notin november now npm null number numbers
object objects observed obtain october of off offset ok old older on once one ones only onto opaque open opened opening operation
operations operator opt option optional options or order origin original os other others our out outgoing outer output outside over overlap
overwrite own owner
packet packets page pages panic parallel parameter params parent parse parsed parser parsing part partial parts pass passed path paths
pause peer peers pending per percent period periodic permanent permission permit permitted phase pid ping place plan please plugin pod podcontroller
podip pods pointer policies policy pool port portals ports position possible post postrouting preempt preempt_dynamic prefix prepare prerouting present previous
previously print prior priority private probably probe problem problems proc process processed processing prod program programmed progress
prometheus prop properties propagate protocol provide provided proxy public pull purpose put
qps query queue queued quick quit quite quota
race random range rate raw re reach reachable reached read readiness reading ready real really reason receive received receiver recent
reconcile reconciled reconciler reconciliation reconnect record recover recreate redacted reduce ref refer reference references reflector
refresh refused register registered reject rejected related release relevant reload remain remaining remote remove removed removing
renew repair replace replaced reply report request requested requests require required requeue requeued requeuing reset resource resources respect
response rest restart restarted restarting restore restored restoring restarts result results resume resync retried retries retry retrying return returned
returning reuse revision right rights ring role roll rollback root round route routes routing row rpc rule rules run running runs runtime
safe same sample san saturday save saved saving say says schedule scheme scope sctp search second seconds section see seem seems seen select
selected selector selectors send sending sent sep september sequence serve served server service serviceaccount services session set setlist sets setting
settings setup seven several sha shared shell should show shown shut shutdown shutting side sig sigint sigkill signal signals sigterm similar simple since
single six size skip skipped skipping sleep sleeping slice slot slow small smp so socket some something soon source space span spec special
specific specified spent src stack stage stale stand standard start started starting starts startup stat state stateful statefulset statement
stats status stay stderr stdin stdout step still stop stopped stopping storage store stored stream string struct stuck sub subject subset
succeed succeeded success successful successfully such suffix sum sunday supplied support supported sure svc swap sweep switch sync synced
synchronize syncing syntax sys syscall system systemd
table tables tag take taken takes target targets task tcp telemetry template ten temporarily temporary term terminated terminating termination test
text than that the their them then there these they third this those thread three through throttle throttled throttling thursday ticker tick
time timed timeout timer times timestamp tls to today together token too took tool tools top total trace transaction transfer transient
translate translated translating translation transport trigger triggered tries true truncated try trying tuesday tunnel turn two type types
udp uid un unable unauthorized unavailable unchanged under undo unexpected unhealthy unique unit unix unknown unless unlock unmarshal unmodified unreachable
unregistered unresolved unset unsupported until unused up update updated updates updating upgrade upon upstream uri url us usage use used user
uses using usually util utils
valid validate validated validation value values var vendor verb verbose verify version versions very veth via view violation virtual volume
wait waited waiting wake want wanted warn warning warnings was watch watched watcher watches watching way we webhook wednesday week well went were
what when where whether which while who whole whose why wide will window windows with within without work worker workers workload workqueue world would
wrapped write writer writing written wrong wrote www
x86 x86_64 xtables yaml year years yes yet you your zero zone
jan feb mar apr jun jul aug sept oct nov dec mon tue wed thu fri sat sun utc cest gmt
aks amd64 arm64 aarch64 debian ubuntu mariner cbl azurelinux tumbleweed alpine buildroot gcc ld binutils
nf_tables nf_conntrack ip_tables ip_set xt_set nft_compat iptables-nft-save iptables-legacy-save
masq masquerade snat dnat dnatted localnet externally visible balancer firewall postrouting conntracked probability statistic requiring traffic
`

const PLAIN: ReadonlySet<string> = new Set(TEXT.trim().split(/\s+/))

const NUMBER = /^\d{1,6}$/
const MEASURE = /^\d{1,9}(?:\.\d{1,12})?(?:ns|us|µs|ms|s|m|h|d|x|[KMGT]i?B?|B)?$/
/** `1h2m3.5s`, as Go prints durations. */
const DURATION = /^(?:\d{1,6}h)?(?:\d{1,2}m)?\d{1,2}(?:\.\d{1,9})?s$/
const HEXADECIMAL = /^0x[0-9a-f]{1,8}$/
const VERSION = /^v?\d{1,4}(?:\.\d{1,5}){1,3}(?:[-+~._][A-Za-z0-9]{1,12}){0,5}$/
const VERSION_PART = /^(?:v?\d{1,6}|(?:rc|alpha|beta|git|deb|el|ubuntu|fc|bpo)\d{1,3}(?:u\d{1,3})?)$/
/** The head of klog's lines. */
const KLOG = /^[IWEF]\d{4}$/
const GO_FILE = /^[A-Za-z0-9_]{1,40}\.go$/

/** Whether a word says nothing about a cluster: a number, a measure, a version, or plain words only. */
export function isPlainWord(word: string): boolean {
  if (PLAIN.has(word) || NUMBER.test(word)) return true
  const first = word.charCodeAt(0)
  if (first >= 48 && first <= 57 && (MEASURE.test(word) || DURATION.test(word) || HEXADECIMAL.test(word))) return true
  if (KLOG.test(word) || GO_FILE.test(word)) return true
  if (VERSION.test(word)) return word.split(/[-+~._]/).every(part => VERSION_PART.test(part) || PLAIN.has(part.toLowerCase()))
  return partsOf(word).every(part => PLAIN.has(part) || NUMBER.test(part))
}

/** Splits `kube-proxy`, `nf_tables`, `UpdatePolicy` and `HTTPServer` into parts, in lower case. */
const partsOf = (word: string): string[] =>
  word
    .replaceAll(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2')
    .split(/[-_. ]/)
    .map(part => part.toLowerCase())
