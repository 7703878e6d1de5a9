
# Crashes and standbys: every alert that was acknowledged is in exactly one
# place, its table or the log, and decisions go on from the windows there are.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use constant CLIENTS => 4;

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
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 200) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, '1000000000000' FROM generate_series(1, 200) AS n;
SELECT count(poa.track_activation(n::bigint::guid, received_at => '2030-01-01 00:00:00+00')) FROM generate_series(1, 100) AS n;
CREATE TABLE alerts (id int, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
CREATE VIEW place AS
	SELECT id, chf::bigint AS hub, 'stored' AS place FROM alerts
	UNION ALL SELECT (alert->>'id')::int, chf::bigint, 'log' FROM poa.suppression_log;
SQL

# What a client sends: alerts alone and in transactions, some of them rolled
# back, and commands.  It echoes what the server has acknowledged.
sub script
{
	my ($round, $client) = @_;
	my $id = ($round * CLIENTS + $client) * 1_000_000;
	my @script;

	foreach my $n (1 .. 4000)
	{
		my @hubs = map { 1 + ($n * 7 + $_ * 13 + $client) % 100 + 200 * ($n % 2) } 0 .. 3;
		my @inserts = map {
			$id++;
			"INSERT INTO alerts VALUES ($id, 'AD1', $_\::bigint::guid, '2030-01-01 00:15:00+00', NULL);"
		} @hubs;
		push @script,
		    $n % 10 == 0 ? ('BEGIN;', @inserts, 'ROLLBACK;')
		  : $n % 5 == 0 ? ('BEGIN;', @inserts, 'COMMIT;', map { '\echo ' . ($id - $_) } 0 .. 3)
		  : (@inserts, map { '\echo ' . ($id - $_) } 0 .. 3);
		my $meter = 101 + ($n + $client) % 100;
		push @script, "SELECT poa.track_activation($meter\::bigint::guid, request_id => 'r$id',"
		  . " received_at => '2030-01-01 00:00:00+00') IS NULL;", "\\echo r$id";
	}
	return join "\n", @script, '';
}

my @acknowledged;
foreach my $round (0 .. 2)
{
	my @clients;
	foreach my $client (0 .. CLIENTS - 1)
	{
		my ($in, $out, $err) = (script($round, $client), '', '');
		my $run = { out => \$out, err => \$err };
		$run->{handle} = IPC::Run::start(
			[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') ],
			'<', \$in, '>', \$out, '2>', \$err);
		push @clients, $run;
	}

	my $goal = $node->safe_psql('postgres', 'SELECT count(*) + 800 FROM place');
	my $under_load;
	foreach (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		$_->{handle}->pump_nb foreach @clients;
		$under_load = $node->safe_psql('postgres', "SELECT count(*) >= $goal FROM place") eq 't';
		last if $under_load;
		usleep(20_000);
	}
	ok($under_load, "round $round: the server is under load");

	# the whole server at once, or one of its backends, whereupon it restarts itself
	if ($round == 1)
	{
		my $backend = $node->safe_psql('postgres',
			"SELECT pid FROM pg_stat_activity WHERE query ~ '^INSERT INTO alerts' ORDER BY pid LIMIT 1");
		system_or_bail('pg_ctl', 'kill', 'KILL', $backend);
	}
	else
	{
		$node->stop('immediate');
	}
	foreach my $client (@clients)
	{
		eval { $client->{handle}->finish };
		push @acknowledged, grep { /^r?\d+$/ } split /\n/, ${ $client->{out} };
	}
	$node->start if $round != 1;
	$node->poll_query_until('postgres', 'SELECT true') or die 'no recovery';

	my @alerts = grep { !/r/ } @acknowledged;
	my @commands = grep { /r/ } @acknowledged;
	note(scalar(@alerts) . ' alerts and ' . scalar(@commands) . ' commands were acknowledged so far');
	cmp_ok(scalar @alerts, '>', 500 * ($round + 1), "round $round: alerts were acknowledged");
	my $alerts = join ',', @alerts;
	is($node->safe_psql('postgres', "SELECT id FROM unnest('{$alerts}'::int[]) AS a (id) WHERE NOT EXISTS"
			. ' (SELECT FROM place AS p WHERE p.id = a.id) LIMIT 3'),
		'', "round $round: none is lost");
	is($node->safe_psql('postgres', 'SELECT id FROM place GROUP BY id HAVING count(*) > 1 LIMIT 3'),
		'', "round $round: none is in two places");
	is($node->safe_psql('postgres', "SELECT * FROM place WHERE (hub <= 100) <> (place = 'log') LIMIT 3"),
		'', "round $round: each is where it belongs");
	is($node->safe_psql('postgres', 'SELECT id FROM place WHERE (id - 1) % 1000000 / 4 % 10 = 9 LIMIT 3'),
		'', "round $round: none that was rolled back is anywhere");
	my $commands = join ',', @commands;
	is($node->safe_psql('postgres', "SELECT r FROM unnest('{$commands}'::text[]) AS r WHERE NOT EXISTS"
			. ' (SELECT FROM poa.activation WHERE request_id = r) LIMIT 3'),
		'', "round $round: no activation is lost");
	is($node->safe_psql('postgres', <<'SQL'), '', "round $round: the index on the hub has them all");
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT hub, n, found FROM (
	SELECT hub, n, (SELECT count(*) FROM poa.activation WHERE chf = hub) AS found
	FROM (SELECT chf AS hub, count(*) AS n FROM poa.activation GROUP BY chf) AS c) AS f WHERE n <> found LIMIT 3;
SQL
	is($node->safe_psql('postgres', <<'SQL'), "0\nt", "round $round: decisions go on");
BEGIN;
INSERT INTO alerts SELECT -1, 'AD1', chf, opens_at FROM poa.activation WHERE status = 'tracked';
SELECT count(*) FROM alerts WHERE id = -1;
SELECT count(*) = (SELECT count(*) FROM poa.activation WHERE status = 'tracked')
FROM poa.suppression_log WHERE alert->>'id' = '-1';
ROLLBACK;
SQL
}

# A standby knows the windows, and after promotion decides by them.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', <<'SQL');
TRUNCATE alerts;
SELECT poa.purge_log('infinity');
INSERT INTO poa.guid_list VALUES (300::bigint::guid);
INSERT INTO poa.device VALUES (300::bigint::guid, 'ESME', 2, '1063', 300::bigint::guid, '1000000000000');
SELECT poa.track_activation(300::bigint::guid, received_at => '2030-01-01 00:00:00+00');
INSERT INTO alerts VALUES (1, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00'), (2, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00');
SELECT poa.release(min(log_id), 'to see it there') FROM poa.suppression_log;
INSERT INTO alerts VALUES (3, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00');
SQL
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', <<'SQL'), "1|stored\n1|log\n2|stored\n3|log\nt|1", 'the standby has the alerts, the log and the windows');
SELECT id, place FROM place ORDER BY id, place DESC;
SELECT met, (SELECT count(*) FROM poa.suppressed_alert WHERE released_at IS NOT NULL)
FROM poa.explain(300::bigint::guid, '2030-01-01 00:15:00+00') WHERE criterion = 'verdict';
SQL
my ($rc, $out, $err) = $standby->psql('postgres', "INSERT INTO alerts VALUES (4, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00')");
like($err, qr/read-only transaction/, 'it takes none of its own');

$node->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', <<'SQL'), "5|stored\n6|log\n7|log\nt\n0", 'after promotion it decides');
INSERT INTO alerts VALUES (5, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00'), (6, 'AD1', 300::bigint::guid, '2030-01-01 00:15:00+00');
UPDATE poa.device SET chf = 301::bigint::guid WHERE device = 300::bigint::guid;
INSERT INTO alerts VALUES (7, 'AD1', 301::bigint::guid, '2030-01-01 00:15:00+00');
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

my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak|could not/ && !/connection|to client|recovery|signal|standby|streaming|terminat|shutdown/i }
  map { split /\n/, slurp_file($_->logfile) } $node, $standby;
is(join("\n", @complaints), '', 'the servers have nothing to complain about');

done_testing();
