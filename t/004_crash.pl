
# Crashes and standbys: every alert that was acknowledged is in exactly one
# place, its table or the log, and decisions go on from the windows there are.
#
# POA_SECONDS=n goes on with faults at random for n seconds ("make faults").

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Restart qw(start_again);
use Test::More;
use Time::HiRes qw(usleep);

use constant {
	CLIENTS => 4,
	BLOCK => 1_000_000,    # ids of one client in one round
};
my @faults = qw(everything backend stop postmaster sessions);

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', <<'CONF');
fsync = on
full_page_writes = on
autovacuum_naptime = 1s
checkpoint_timeout = 30s
restart_after_crash = on
log_statement = none
CONF
$node->start;

# Hubs up to 100 have a window from the start, those up to 200 get one or more
# under load, the others never have any.
my $dir = PostgreSQL::Test::Utils::tempdir();
my $windows = 'SELECT count(poa.track_activation(n::bigint::guid, received_at => $$2030-01-01 00:00:00+00$$))'
  . ' FROM generate_series(1, 100) AS n';
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 200) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, '1000000000000' FROM generate_series(1, 200) AS n;
CREATE TABLE alerts (id bigint, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
-- a released alert is in its table; where its release is half done, it is in both or in neither
CREATE VIEW released AS
	SELECT (l.alert->>'id')::bigint AS id FROM poa.suppression_log AS l JOIN poa.release_log USING (log_id);
CREATE VIEW place AS
	SELECT id, chf::bigint AS hub, 'stored' AS place FROM alerts
	UNION ALL SELECT (alert->>'id')::bigint, chf::bigint, 'log' FROM poa.suppression_log AS l
	WHERE NOT EXISTS (SELECT FROM poa.release_log AS r WHERE r.log_id = l.log_id);
SQL
$node->safe_psql('postgres', $windows);

# What a client sends: alerts alone and in transactions, some of them rolled
# back, releases and commands.  It echoes what the server has acknowledged.
sub script
{
	my ($round, $client) = @_;
	my $id = ($round * CLIENTS + $client) * BLOCK;
	my @script;

	foreach my $n (1 .. 4000)
	{
		my @hubs = map { 1 + ($n * 7 + $_ * 13 + $client) % 100 + 200 * ($n % 2) } 0 .. 3;
		my @inserts = map {
			$id++;
			"INSERT INTO alerts VALUES ($id, 'AD1', $_\::bigint::guid, '2030-01-01 00:15:00+00', '$id');"
		} @hubs;
		push @script,
			$n % 10 == 0 ? ('BEGIN;', @inserts, 'ROLLBACK;')
		  : $n % 5 == 0 ? ('BEGIN;', @inserts, 'COMMIT;', map { '\echo ' . ($id - $_) } 0 .. 3)
		  : (@inserts, map { '\echo ' . ($id - $_) } 0 .. 3);
		# the last of them, which was diverted
		push @script, "SELECT poa.release(currval('poa.suppression_log_log_id_seq'), 'under load');", "\\echo s$id"
		  if $n % 10 == 4;
		my $meter = 101 + ($n + $client) % 100;
		push @script, "SELECT poa.track_activation($meter\::bigint::guid, request_id => 'r$id',"
		  . " received_at => '2030-01-01 00:00:00+00') IS NULL;", "\\echo r$id";
	}
	return join "\n", @script, '';
}

# Clients at work on a server, once they have been for a while.
sub under_load
{
	my ($server, $round) = @_;
	my $goal = $server->safe_psql('postgres', 'SELECT count(*) + 800 FROM place');
	my @clients;

	foreach my $client (0 .. CLIENTS - 1)
	{
		my ($out, $err) = ('', '');
		append_to_file("$dir/$round.$client", script($round, $client));
		push @clients, { out => \$out, err => \$err, handle => IPC::Run::start(
			[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$round.$client",
				'-d', $server->connstr('postgres') . ' application_name=client' ],
			'>', \$out, '2>', \$err) };
	}
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	until ($server->safe_psql('postgres', "SELECT count(*) >= $goal FROM place") eq 't')
	{
		die 'the server does not come under load' if time > $end;
		$_->{handle}->pump_nb foreach @clients;
		usleep(20_000);
	}
	return @clients;
}

# What the clients saw acknowledged before the fault ended them.
sub acknowledged_by
{
	my @lines;
	foreach my $client (@_)
	{
		$client->{handle}->finish;
		isnt(${ $client->{err} }, '', 'the fault ends a client at work');
		push @lines, grep { /^[rs]?\d+$/ } split /\n/, ${ $client->{out} };
	}
	return @lines;
}

sub inflict
{
	my ($server, $fault) = @_;
	my ($postmaster) = slurp_file($server->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my @clients = split /\n/, $server->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'client'");
	my @all = split /\n/, $server->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');

	kill 'KILL', $postmaster, @all if $fault eq 'everything';
	kill 'KILL', $clients[0] if $fault eq 'backend';
	$server->stop('immediate') if $fault eq 'stop';
	if ($fault eq 'sessions')
	{
		$server->safe_psql('postgres', "SELECT pg_cancel_backend($_)") foreach @clients[ 0, 1 ];
		$server->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach @clients;
	}
	$server->kill9 if $fault =~ /everything|postmaster/;
	return;
}

# Whatever it takes to be over a fault.
sub recover
{
	my ($server, $fault) = @_;
	start_again($server) if $fault =~ /everything|postmaster|stop/;
	$server->poll_query_until('postgres', 'SELECT true') or die 'no recovery';
	return;
}

my @acknowledged;

sub check
{
	my ($server, $what) = @_;
	my @alerts = grep { /^\d/ } @acknowledged;
	my @commands = grep { /r/ } @acknowledged;
	my @releases = map { /s(.*)/ } @acknowledged;

	note(scalar(@alerts) . ' alerts, ' . scalar(@releases) . ' releases and ' . scalar(@commands) . ' commands were acknowledged so far');
	cmp_ok(scalar @alerts, '>', 500, "$what: alerts were acknowledged");
	cmp_ok(scalar @releases, '>', 10, "$what: releases were acknowledged");
	my $alerts = join ',', @alerts;
	is($server->safe_psql('postgres', "SELECT unnest('{$alerts}'::bigint[]) EXCEPT SELECT id FROM place LIMIT 3"),
		'', "$what: none is lost");
	is($server->safe_psql('postgres', 'SELECT id FROM place GROUP BY id HAVING count(*) > 1 LIMIT 3'),
		'', "$what: none is in two places");
	is($server->safe_psql('postgres', "SELECT * FROM place WHERE (hub <= 100 AND id NOT IN (TABLE released)) <> (place = 'log') LIMIT 3"),
		'', "$what: each is where it belongs");
	is($server->safe_psql('postgres', 'SELECT id FROM place WHERE (id - 1) % 1000000 / 4 % 10 = 9 LIMIT 3'),
		'', "$what: none that was rolled back is anywhere");
	my $releases = join ',', @releases;
	is($server->safe_psql('postgres', "SELECT unnest('{$releases}'::bigint[]) EXCEPT TABLE released LIMIT 3"),
		'', "$what: no release is lost");
	my $commands = join ',', @commands;
	is($server->safe_psql('postgres', "SELECT unnest('{$commands}'::text[]) EXCEPT SELECT request_id FROM poa.activation LIMIT 3"),
		'', "$what: no activation is lost");
	is($server->safe_psql('postgres', <<'SQL'), '', "$what: the index on the hub has them all");
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT hub, n, found FROM (
	SELECT hub, n, (SELECT count(*) FROM poa.activation WHERE chf = hub) AS found
	FROM (SELECT chf AS hub, count(*) AS n FROM poa.activation GROUP BY chf) AS c) AS f WHERE n <> found LIMIT 3;
SQL
	is($server->safe_psql('postgres', <<'SQL'), "0\nt", "$what: decisions go on");
BEGIN;
INSERT INTO alerts SELECT -1, 'AD1', chf, opens_at FROM poa.activation WHERE status = 'tracked';
SELECT count(*) FROM alerts WHERE id = -1;
SELECT count(*) = (SELECT count(*) FROM poa.activation WHERE status = 'tracked')
FROM poa.suppression_log WHERE alert->>'id' = '-1';
ROLLBACK;
SQL
	return;
}

# Each fault once; then any, with a new history now and then.
my $end = time + ($ENV{POA_SECONDS} || 0);
my $round = 0;
while ($round < @faults || time < $end)
{
	my $fault = $faults[ $round < @faults ? $round : rand @faults ];
	if ($round && $round % @faults == 0)
	{
		$node->safe_psql('postgres', "TRUNCATE alerts, poa.activation; SELECT poa.purge_log('infinity')");
		$node->safe_psql('postgres', $windows);
		@acknowledged = ();
	}
	my @clients = under_load($node, $round);
	inflict($node, $fault);
	push @acknowledged, acknowledged_by(@clients);
	recover($node, $fault);
	check($node, "round $round, $fault");
	$round++;
}

# A standby that is promoted under load has all that was acknowledged, as
# commits have waited for it.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->append_conf('postgresql.conf', "synchronous_standby_names = '*'");
$node->reload;
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
  or die 'no synchronous standby';
my @clients = under_load($node, $round);
inflict($node, 'everything');
push @acknowledged, acknowledged_by(@clients);
$standby->promote;
check($standby, 'promoted under load');

# A standby has the windows, and after promotion decides by them.  The one
# that was promoted is the next primary.
my $first = $node;
$node = $standby;
$node->backup('base');
$standby = PostgreSQL::Test::Cluster->new('next_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', <<'SQL');
TRUNCATE alerts;
SELECT poa.purge_log('infinity');
INSERT INTO poa.guid_list VALUES (300::bigint::guid);
INSERT INTO poa.device VALUES (300::bigint::guid, 'ESME', 2, '1063', 300::bigint::guid, '1000000000000');
SELECT poa.track_activation(300::bigint::guid, received_at => '2030-01-01 00:00:00+00');
INSERT INTO alerts VALUES (1, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00', '1'),
	(2, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00', '2');
SELECT poa.release(min(log_id), 'to see it there') FROM poa.suppression_log;
INSERT INTO alerts VALUES (3, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00', '3');
SQL
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', <<'SQL'), "1|stored\n2|stored\n3|log\nt|1", 'the standby has the alerts, the log and the windows');
SELECT id, place FROM place ORDER BY id, place DESC;
SELECT met, (SELECT count(*) FROM poa.suppressed_alert WHERE released_at IS NOT NULL)
FROM poa.explain(300::bigint::guid, '2030-01-01 00:15:00+00') WHERE criterion = 'verdict';
SQL
my ($rc, $out, $err) = $standby->psql('postgres', "INSERT INTO alerts VALUES (4, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00', '4')");
like($err, qr/read-only transaction/, 'it takes none of its own');

$node->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', <<'SQL'), "5|stored\n6|log\n7|log\nt\n0", 'after promotion it decides');
INSERT INTO alerts VALUES (5, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00', '5'),
	(6, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00', '6');
UPDATE poa.device SET chf = 301::bigint::guid WHERE device = 300::bigint::guid;
INSERT INTO alerts VALUES (7, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00', '7');
SELECT id, place FROM place WHERE id >= 5 ORDER BY id;
SELECT max(log_id) = (SELECT log_id FROM poa.suppression_log WHERE alert->>'id' = '7') FROM poa.suppression_log;
BEGIN;
INSERT INTO alerts SELECT -1, 'AD1', chf, opens_at FROM poa.activation WHERE status = 'tracked';
SELECT count(*) FROM alerts WHERE id = -1;
ROLLBACK;
SQL
($rc, $out, $err) = $standby->psql('postgres', 'DELETE FROM poa.suppression_log');
like($err, qr/append-only/, 'and its log is append-only');
$standby->stop;

my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak|could not/ && !/connection|to client|not a PostgreSQL|recovery|signal|standby|streaming|terminat|shutdown|took too long to start/i }
  map { split /\n/, slurp_file($_->logfile) } $first, $node, $standby;
is(join("\n", @complaints), '', 'the servers have nothing to complain about');

done_testing();
