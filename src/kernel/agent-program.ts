/**
 * The program that runs where the kernel is asked: a byte pump. It is Perl, because perl-base is on every Debian
 * machine and nothing needs to be compiled; it knows nothing of packets or rules. It holds two network name spaces,
 * its own (`h`, the node) and another (`f`, the far ends of the node's cables), does the operations it reads and
 * gives back what came of them. What it reads and writes is told in `agent.ts`.
 */
export const AGENT_PROGRAM: string = String.raw`
use strict;
use warnings;
use Socket qw(SOCK_RAW SOCK_DGRAM SOL_SOCKET MSG_DONTWAIT);
use Fcntl qw(F_SETFD);
$| = 0;
binmode STDIN; binmode STDOUT;
my ($in, $out) = (\*STDIN, \*STDOUT);
my $arch = (split ' ', do { open my $f, '<', '/proc/sys/kernel/arch'; $f ? (<$f> // '') : '' })[0] // 'x86_64';
my %nr = $arch eq 'aarch64' ? (setns => 268, unshare => 97) : (setns => 308, unshare => 272);
my $newnet = 0x40000000;
sub opened { my ($path) = @_; open my $f, '<', $path or die "$path: $!\n"; fcntl($f, F_SETFD, 0); return $f }
my $host = opened('/proc/self/ns/net');
syscall($nr{unshare}, $newnet) == 0 or die "unshare: $!\n";
my $far = opened('/proc/self/ns/net');
sub enter { syscall($nr{setns}, fileno($_[0]), $newnet) == 0 or die "setns: $!\n" }
enter($host);
$ENV{FAR} = "/proc/$$/fd/" . fileno($far);
my %socket; my %kind; my $answer = '';
sub say_back { my ($code, $data) = @_; $answer .= pack('N a1', 1 + length $data, $code) . $data }
sub fail { say_back('e', $_[0]) }
my %make = (
  packet => sub {
    my ($device) = @_;
    socket(my $s, 17, SOCK_RAW, 0x0300) or die "socket: $!\n";
    my $request = pack('a16 x24', $device);
    ioctl($s, 0x8933, $request) or die "$device: $!\n";
    my $index = unpack('x16 i', $request);
    setsockopt($s, SOL_SOCKET, 33, pack('i', 64 << 20));
    bind($s, pack('S n i S C C a8', 17, 3, $index, 0, 0, 0, '')) or die "bind $device: $!\n";
    return $s;
  },
  raw4 => sub { socket(my $s, 2, SOCK_RAW, 255) or die "socket: $!\n"; return $s },
  raw6 => sub { socket(my $s, 10, SOCK_RAW, 255) or die "socket: $!\n"; setsockopt($s, 41, 36, pack('i', 1)); return $s },
  route => sub { socket(my $s, 16, SOCK_RAW, 0) or die "socket: $!\n"; return $s },
  netlink => sub {
    my ($group) = @_;
    socket(my $s, 16, SOCK_RAW, 12) or die "socket: $!\n";
    setsockopt($s, SOL_SOCKET, 33, pack('i', 64 << 20));
    bind($s, pack('S S L L', 16, 0, 0, 0)) or die "bind: $!\n";
    if ($group) { setsockopt($s, 270, 1, pack('i', $group)) or die "group $group: $!\n" }
    return $s;
  },
);
sub receive {
  my ($id) = @_;
  my $s = $socket{$id};
  my $n = 0;
  while (1) {
    my $from = recv($s, my $data, 1 << 17, MSG_DONTWAIT);
    if (!defined $from) {
      return $n if $!{EAGAIN} || $!{EINTR};
      fail("socket $id: $!");
      return $n;
    }
    next if $kind{$id} eq 'packet' && (unpack('x10 C', $from))[0] == 4;
    $n++;
    say_back('d', pack('n', $id) . $data);
  }
}
my @drained;
my $mask = '';
sub listened { @drained = @_; $mask = ''; vec($mask, fileno($socket{$_}), 1) = 1 for @drained }
sub drain {
  my ($wait) = @_;
  while (1) {
    my $bits = $mask;
    return if select($bits, undef, undef, $wait) <= 0;
    vec($bits, fileno($socket{$_}), 1) && receive($_) for @drained;
    $wait = 0;
  }
}
my $scripts = 0;
sub run_script {
  my ($where, $script) = @_;
  my $file = "/run/script" . $scripts++;
  open(my $f, '>', $file) or return fail("$file: $!");
  print $f $script; close $f;
  pipe(my $r, my $w);
  my $pid = fork();
  if (!$pid) {
    enter($far) if $where eq 'f';
    open STDIN, '<', '/dev/null'; open STDOUT, '>&', $w; open STDERR, '>&', $w;
    exec 'sh', $file; exit 127;
  }
  close $w;
  my $text = do { local $/; <$r> } // '';
  waitpid $pid, 0;
  my $status = $? >> 8;
  unlink $file;
  say_back('x', pack('N', $status) . $text);
}
sub request {
  my ($id, $bytes) = @_;
  my $s = $socket{$id};
  send($s, $bytes, 0) // return fail("send $id: $!");
  my $got = '';
  while (1) {
    my $bits = ''; vec($bits, fileno($s), 1) = 1;
    select($bits, undef, undef, 60) or return fail("no answer on $id");
    defined recv($s, my $data, 1 << 17, 0) or return fail("socket $id: $!");
    $got .= $data;
    my $at = 0; my $last = 0;
    while ($at + 16 <= length $data) { my ($len, $type) = unpack('L S', substr($data, $at, 6)); $last = 1 if $type == 2 || $type == 3; $at += ($len + 3) & ~3; last if !$len }
    last if $last;
  }
  say_back('q', $got);
}
my %do = (
  x => sub { my ($where, $script) = unpack('a1 a*', $_[0]); run_script($where, $script) },
  s => sub {
    my ($id, $ns, $name, $arg) = unpack('n a1 Z* Z*', $_[0]);
    enter($far) if $ns eq 'f';
    my $s = eval { $make{$name}->($arg) };
    my $why = $@;
    enter($host) if $ns eq 'f';
    return fail($why) if !$s;
    $socket{$id} = $s; $kind{$id} = $name;
  },
  c => sub { my ($id) = unpack('n', $_[0]); listened(grep { $_ != $id } @drained); delete $socket{$id} },
  l => sub { listened(unpack('n*', $_[0])) },
  w => sub {
    my ($id, $to, $bytes) = unpack('n n/a a*', $_[0]);
    my $ok = length $to ? send($socket{$id}, $bytes, 0, $to) : send($socket{$id}, $bytes, 0);
    fail("send $id: $!") if !defined $ok;
  },
  n => sub { say_back('n', $_[0]) },
  d => sub { drain(unpack('N', $_[0]) / 1e6) },
  q => sub { my ($id, $bytes) = unpack('n a*', $_[0]); request($id, $bytes) },
);
sub take { my ($want) = @_; my $got = ''; while (length $got < $want) { sysread($in, $got, $want - length $got, length $got) or exit 0 } return $got }
sub give { my $at = 0; while ($at < length $answer) { $at += syswrite($out, $answer, length($answer) - $at, $at) // exit 1 } $answer = '' }
say_back('h', $$); give();
while (1) {
  my $message = take(unpack('N', take(4)));
  my $at = 0;
  while ($at < length $message) {
    my ($code, $len) = unpack("x$at a1 N", $message);
    $do{$code}->(substr($message, $at + 5, $len));
    $at += 5 + $len;
    give() if length $answer > 1 << 20;
  }
  say_back('.', '');
  give();
}
`
