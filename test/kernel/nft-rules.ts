/** Sets, maps and objects the rules below speak of. */
export const NFT_BASE = `table inet t {
	set s {
		type ipv4_addr
		flags interval
		auto-merge
		elements = { 10.0.0.0/24, 10.0.2.1-10.0.2.5, 1.2.3.4 }
	}
	set d {
		type ipv4_addr
		flags dynamic,timeout
		timeout 1m
		size 65535
	}
	set p {
		type ipv4_addr . inet_service
		flags interval
		elements = { 10.0.0.0/24 . 80-90 }
	}
	set ports {
		type inet_service
		flags interval
		elements = { 22, 80-90 }
	}
	set ifs {
		type ifname
		elements = { "eth0", "eth1" }
	}
	map v {
		type ipv4_addr : verdict
		elements = { 1.2.3.4 : drop }
	}
	counter cnt {
	}
	limit lim {
		rate 10/second
	}
	chain e {
	}
	chain c {
	}
}
`

/** Rules as people and programs write them: matches, then statements, of everything nft has on a filtering host. */
export const NFT_RULES: readonly string[] = `
ip saddr @s counter drop comment "hello w"
ip saddr != @s drop
ip saddr @d drop
ip saddr . tcp dport @p drop
iifname @ifs drop
tcp dport @ports accept
tcp dport { 22, 80-90 } ct state established,related accept
tcp dport { 22, 23, 24, 30-40, 41 } drop
tcp dport { 30-40, 35-50 } drop
tcp dport { 22 } drop
tcp dport != 22 drop
tcp dport >= 1024 drop
tcp dport < 1024 drop
tcp dport 1000-2000 drop
tcp dport != 1000-2000 drop
tcp dport 22-22 drop
tcp dport 0-65535 drop
tcp sport . tcp dport { 1 . 2 } drop
tcp sport 5 tcp dport 22 tcp flags syn drop
tcp flags syn / fin,syn,rst,ack drop
tcp flags & (syn | ack) == syn drop
tcp flags & (fin|syn) == fin|syn drop
tcp flags & (fin|syn) != fin|syn drop
tcp flags & (fin|syn) == 0 drop
tcp flags & (fin|syn) != 0 drop
tcp flags & syn == syn drop
tcp flags & syn != syn drop
tcp flags & syn == 0 drop
tcp flags syn drop
tcp flags syn,ack drop
tcp flags == syn drop
tcp flags != syn drop
tcp flags ! fin,syn drop
tcp flags { syn, syn | ack } drop
th dport 3 drop
sctp dport 5 drop
dccp sport 3 drop
udplite dport 3 drop
udp length 8 drop
meta l4proto tcp ip saddr 1.2.3.4 tcp dport 22 drop
meta l4proto tcp ip saddr 1.2.3.4 th dport 22 drop
meta l4proto tcp iifname "x" tcp dport 22 drop
meta l4proto tcp ct state new tcp dport 22 drop
meta l4proto tcp counter tcp dport 22 drop
meta l4proto tcp limit rate 1/second tcp dport 22 drop
meta l4proto tcp th sport . th dport { 1 . 2 } drop
meta l4proto sctp th dport 22 drop
meta l4proto { tcp, udp } th dport 22 drop
meta l4proto != tcp drop
meta l4proto igmp drop
meta l4proto ipv6-icmp drop
meta l4proto icmp drop
meta l4proto 200 drop
meta l4proto 0 drop
meta l4proto 4 drop
meta l4proto 143 drop
meta l4proto { 6, 17 } th dport 53 accept
ip protocol { tcp, udp } return
ip protocol tcp drop
ip protocol tcp tcp dport 22 drop
ip6 nexthdr tcp accept
meta nfproto ipv4 accept
meta nfproto ipv4 tcp dport 22 drop
meta nfproto ipv4 reject
meta protocol ip6 drop
meta protocol { ip6, ip } drop
meta protocol 0x88cc drop
meta protocol vlan drop
ether type arp accept
ether saddr aa:bb:cc:dd:ee:ff accept
ether saddr { bc:24:11:00:00:02, 00:24:11:00:00:02 } drop
vlan id 5 drop
ct state invalid drop
ct state != established drop
ct state == established drop
ct state { new, untracked } drop
ct state new,established drop
ct state & (new|established) == new drop
ct state vmap { established : accept, related : accept, invalid : drop }
ct state . ct mark vmap { established . 5 : accept }
ct status dnat accept
ct direction reply accept
ct helper "ftp" accept
ct mark & 0xff == 0x10 drop
ct mark set 100
ct mark set meta mark
ct mark set mark and 0xff
ct count 5 drop
ct count over 5 drop
meta mark 0x10 accept
meta mark != 0 accept
meta mark { 256, 1, 5-9 } accept
meta mark & 0xff == 0x10 drop
meta mark & 0xff != 0x10 drop
meta mark set 0x5
meta mark set ct mark
meta mark set mark or 0x100
meta mark set mark xor 0x100
meta mark set mark and 0xff or 0x100
meta pkttype broadcast drop
meta pkttype { unicast, broadcast } drop
meta skuid 0 accept
meta length > 1000 drop
meta priority set 1:2
meta nftrace set 1
iifname { "eth0", "tap*" } oif lo accept
iifname { "tap100i1", "tap101i0", "eth0", "abc", "b" } drop
iifname "tap*" drop
iifname . oifname { "a" . "b" } drop
iif "lo" accept
oif != "lo" drop
iifgroup 2 accept
iifname . ether saddr { "tap101i0" . bc:24:11:00:00:02, "tap100i0" . bc:24:11:00:00:03, "tap100i1" . bc:24:11:00:00:01 } drop
ip saddr { 10.0.0.1, 10.0.0.5-10.0.0.9, 192.168.0.0/16 } reject
ip saddr != { 1.2.3.4, 5.6.7.8 } drop
ip saddr { 10.0.0.0/24, 10.0.1.0/24 } drop
ip saddr { 10.0.0.0/24, 10.0.0.5 } drop
ip saddr { 10.0.0.9, 10.0.0.2 } drop
ip saddr { 10.0.0.0-10.0.0.255, 1.2.3.4 } drop
ip saddr 10.0.0.0-10.0.0.255 drop
ip saddr 0.0.0.0/0 drop
ip daddr 1.2.3.4/16 drop
ip daddr & 255.0.255.0 == 1.0.3.0 drop
ip saddr vmap { 10.0.0.0/8 : drop, 11.2.3.4 : goto e }
ip saddr vmap @v
ip saddr . ip daddr vmap { 1.2.3.4 . 5.6.7.8 : drop }
ip saddr . tcp dport { 1.2.3.4 . 80, 10.0.0.0/8 . 90-95 } drop
ip6 saddr fe80::/10 drop
ip6 saddr fe80::-fe80::ff drop
ip6 saddr { fe80::2, fe80::1, ::1 } drop
ip6 saddr . icmpv6 type { fe80::1 . echo-request } drop
meta l4proto vmap { udp : drop, tcp : accept }
ip length 20 drop
ip ttl < 5 drop
ip dscp cs1 drop
icmp type echo-request limit rate 4/second accept
icmp type { echo-request, 11 } accept
icmp type 3 icmp code 1 drop
icmp type 3 icmp code 13 drop
icmp type 200 drop
meta l4proto icmp icmp type 8 icmp code 0 drop
icmpv6 type { nd-neighbor-solicit, nd-router-advert } accept
icmpv6 type 130 drop
icmpv6 type mld-listener-reduction drop
icmpv6 type 1 icmpv6 code 4 drop
fib saddr . iif oif missing drop
fib daddr type local accept
fib saddr type { local, broadcast } drop
limit rate 10/minute burst 5 packets log prefix "x y" level warn flags all
limit rate over 10/minute drop
limit rate 10 mbytes/second drop
limit rate 1/second burst 7 packets drop
limit rate 100/hour burst 1 packets drop
limit name "lim" accept
log
log prefix "a b" group 0
log prefix "x" level debug
log group 0 prefix "xx" snaplen 10
reject
reject with icmpx admin-prohibited
reject with tcp reset
reject with icmp host-unreachable
tcp dport 22 reject with tcp reset
ip6 saddr fe80::1 reject
add @d { ip saddr limit rate over 10/second }
update @d { ip saddr timeout 5m }
counter name "cnt"
notrack
continue
jump e
goto e
return
synproxy mss 1460 wscale 7
socket transparent 1 accept
rt mtu 1500 drop
exthdr frag exists drop
tcp option maxseg size set rt mtu
ip saddr set 1.2.3.4
tcp dport set 80
@nh,0,8 69 drop
`
  .trim()
  .split('\n')
