
# Two nodes and a warehouse, by logical replication: what the nodes send stands
# there once, also what has moved or comes again, and stays when it is purged at
# a node.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my %name = (1 => 'node_1', 2 => 'node_2', 0 => 'warehouse');
my %server;
foreach my $n (1, 2, 0)
{
	$server{$n} = PostgreSQL::Test::Cluster->new($name{$n});
	$server{$n}->init(allows_streaming => 'logical');
	$server{$n}->append_conf('postgresql.conf', "max_worker_processes = 20\nmax_logical_replication_workers = 12\n"
		. "timezone = 'UTC'\nwal_retrieve_retry_interval = '100ms'");
	$server{$n}->start;
}

sub sql
{
	my ($n, $sql) = @_;
	return $server{$n}->safe_psql('postgres', $sql);
}

foreach my $n (1, 2, 0)
{
	sql($n, <<"SQL");
CREATE EXTENSION poa_suppress;
SELECT poa.set_node($n);
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 20) AS n;
CREATE TABLE alerts (id text PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts', key => 'id');
SQL
	sql($n, <<"SQL") if $n;
CREATE PUBLICATION log FOR TABLE poa.suppression_log, poa.release_log, poa.activation_change, alerts WITH (publish = 'insert');
CREATE PUBLICATION state FOR TABLE poa.activation, poa.command, poa_internal.message, poa.hold_log WITH (publish = 'insert, update');
-- deletes that a publication sends by mistake do no harm
CREATE PUBLICATION too_much FOR TABLE poa.suppression_log, poa.release_log, poa.activation_change;
INSERT INTO poa.device SELECT ($n * 10 - n)::bigint::guid, 'ESME', 2, '1063', (100 * $n + n)::bigint::guid, '10000000000' || $n || n FROM generate_series(0, 4) AS n;
SQL
}

sub subscribe
{
	my ($n, @options) = @_;
	my $with = @options ? " WITH (@options)" : '';
	sql(0, "CREATE SUBSCRIPTION from_node_$n CONNECTION '" . $server{$n}->connstr . " dbname=postgres' PUBLICATION log, state, too_much$with");
	$server{0}->wait_for_subscription_sync($server{$n}, "from_node_$n");
	return;
}
sub catch_up { $server{$_}->wait_for_catchup("from_node_$_") foreach 1, 2; return }

# something at each node before the subscription, something after it
foreach my $n (1, 2)
{
	sql($n, "SELECT poa.track_activation(($n * 10)::bigint::guid, received_at => '2026-03-01 12:00', request_id => 'r$n');"
		. "INSERT INTO alerts VALUES ('a$n', 'AD1', ($n * 100)::bigint::guid, '2026-03-01 12:10', NULL)");
	subscribe($n);
	sql($n, "SELECT poa.track_activation(($n * 10 - 1)::bigint::guid, received_at => '2026-03-01 12:00', request_id => 's$n');"
		. "INSERT INTO alerts VALUES ('b$n', 'AD1', ($n * 100 + 1)::bigint::guid, '2026-03-01 12:10', NULL), ('c$n', '8F35', ($n * 100 + 1)::bigint::guid, '2026-03-01 12:20', NULL);"
		. "SELECT poa.release(min(log_id), 'resident rang') FROM poa.suppression_log; SELECT poa.record_outcome('s$n', 'succeeded');"
		# an answer that is given to all nodes
		. "SELECT poa.record_outcome('90-B3-D5-1F-30-01-00-02:00-00-00-00-00-00-00-01:1', 'succeeded')");
}
catch_up();

my %tables = ('poa.suppression_log' => 'log_id', 'poa.release_log' => 'log_id', 'poa.activation' => 'activation_id',
	'poa.activation_change' => 'change_id', 'poa_internal.message' => 'message_id', 'alerts' => 'id');
sub same_everywhere
{
	my ($when) = @_;
	foreach my $table (sort keys %tables)
	{
		my $rows = "SELECT t::text FROM $table AS t ORDER BY $tables{$table}";
		my $all = join "\n", sort map { split /\n/, sql($_, $rows) } 1, 2;
		is(join("\n", sort split /\n/, sql(0, $rows)), $all, "$when: $table is that of both nodes");
	}
	return;
}
same_everywhere('two nodes');
is(sql(0, 'SELECT log_id, diverted, (SELECT r.reason FROM poa.release_log AS r WHERE r.log_id = l.log_id) FROM poa.suppression_log AS l ORDER BY 1'),
	"1000000000001|t|resident rang\n1000000000002|t|\n2000000000001|t|resident rang\n2000000000002|t|", 'with the numbers of their nodes');
is(sql(0, q{SELECT count(*) FROM poa.timeline('00-00-00-00-00-00-00-01') WHERE what = 'outcome'}), 1, 'an answer that both have noted is one');
is(sql(0, "SELECT string_agg(check_name, ' ') FROM poa.verify(NULL, NULL) WHERE ok"),
	'log_row explained stored one_place release log_id', 'verify has nothing to say');
is(sql(0, "SELECT detail FROM poa.verify(NULL, NULL) WHERE check_name IN ('log_id', 'stored') ORDER BY 1"),
	"1000000000001 to 2000000000002, of which 0 are not there, as after inserts that were rolled back\n"
	. '2 AD1 in 1 attached tables, none in a window that was known', 'gaps are counted by node');
is(sql(0, "SELECT check_name FROM poa.health() WHERE NOT ok AND check_name NOT IN ('hub_index', 'tracking')"), '', 'nor has health');

# A meter moves from a hub of node 1 to one of node 2, and what happens to its
# window there reaches the warehouse.
sql(1, "SELECT poa.track_activation(8::bigint::guid, '2190-01-01', 'm1', '2026-03-01'), poa.track_activation(7::bigint::guid, '2190-01-01', 'm2', '2026-03-01');"
	. "SELECT poa_internal.record_command('m1', 4::smallint, '2026-03-01', 8::bigint::guid, 'tracked', NULL, '2190-01-01', false, NULL, NULL)");
foreach my $device (8, 7)
{
	my $windows = sql(1, "SELECT poa.export_windows($device\::bigint::guid)");
	is(sql(2, "SELECT poa.import_windows('$windows')"), '1', 'a window moves');
	sql(2, "INSERT INTO poa.device VALUES ($device\::bigint::guid, 'ESME', 2, '1063', 204::bigint::guid, NULL)");
}
sql(2, "INSERT INTO alerts VALUES ('moved', 'AD1', 204::bigint::guid, '2190-01-01 00:10', NULL)");
sql(2, "SELECT poa.record_outcome('m1', 'no_image_held')");
sql(1, "SELECT poa.track_activation(6::bigint::guid, received_at => '2026-03-01 13:00', request_id => 'last1')");
sql(2, "SELECT poa.track_activation(18::bigint::guid, received_at => '2026-03-01 13:00', request_id => 'last2')");
catch_up();
is(sql(0, "SELECT request_id, activation_id, chf::bigint, status FROM poa.activation WHERE request_id ~ '^(m|last)' ORDER BY 1"),
	"last1|1000000000005|104|tracked\nlast2|2000000000003|202|tracked\nm1|1000000000003|204|failed\nm2|1000000000004|204|tracked",
	'a moved activation is there once, as it is at its new node, and the copy goes on');
is(sql(0, 'SELECT count(*) FROM poa.command'), '1', 'so is its command');
is(sql(0, 'SELECT log_id, matched FROM poa.suppression_log WHERE chf = 204::bigint::guid'), '2000000000003|{1000000000004,1000000000003}',
	'an alert of the new hub has the numbers of the old node');
is(sql($_, "SELECT string_agg(check_name, ' ') FROM poa.verify(NULL, NULL) WHERE NOT ok"), '', "verify at $name{$_}") foreach 0, 2;

# What the new node sends may come before what the old one has sent: the newest
# state counts, whichever comes last.
sql(0, 'ALTER SUBSCRIPTION from_node_1 DISABLE');
ok($server{0}->poll_query_until('postgres', "SELECT pid IS NULL FROM pg_stat_subscription WHERE subname = 'from_node_1'"), 'node 1 is late');
sql(1, "SELECT poa.track_activation(9::bigint::guid, '2190-01-01', 'm3', '2026-03-01'), poa.track_activation(9::bigint::guid, '2190-01-02', 'm4', '2026-03-02')");
{
	my $windows = sql(1, 'SELECT poa.export_windows(9::bigint::guid)');
	sql(2, "SELECT poa.import_windows('$windows')");
	sql(2, "INSERT INTO poa.device VALUES (9::bigint::guid, 'ESME', 2, '1063', 203::bigint::guid, NULL)");
	sql(2, "SELECT poa.record_outcome('m4', 'hash_mismatch')");
	# the window leaves the hub of the old node when the other knows more already
	sql(1, 'UPDATE poa.device SET chf = 203::bigint::guid WHERE device = 9::bigint::guid; DELETE FROM poa.device WHERE device = 9::bigint::guid');
}
$server{2}->wait_for_catchup('from_node_2');
sql(0, 'ALTER SUBSCRIPTION from_node_1 ENABLE');
catch_up();
my $state = "SELECT activation_id, request_id, chf, status, received_at, activates_at, ended_by FROM poa.activation WHERE request_id ~ '^m' ORDER BY 1";
is(sql(0, $state), sql(2, $state), 'what comes late from the old node takes nothing back');
like(sql(0, $state), qr/\|m3\|.*\|superseded\|.*\|m4\|00-00-00-00-00-00-00-CB\|failed\|/s, 'nor what comes first');

# A warehouse that is made anew after meters have moved.
sql(0, 'CREATE DATABASE anew');
$server{0}->safe_psql('anew', "CREATE EXTENSION poa_suppress; SELECT poa.set_node(0);"
	. 'CREATE TABLE alerts (id text PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text)');
$server{0}->safe_psql('anew', "CREATE SUBSCRIPTION anew_$_ CONNECTION '" . $server{$_}->connstr . " dbname=postgres' PUBLICATION log, state") foreach 1, 2;
$server{0}->wait_for_subscription_sync($server{$_}, "anew_$_", 'anew') foreach 1, 2;
is($server{0}->safe_psql('anew', $state), sql(2, $state), 'a warehouse that is made anew has them as they are');
is($server{0}->safe_psql('anew', "SELECT string_agg(check_name, ' ') FROM poa.verify(NULL, NULL) WHERE NOT ok"), '', 'and can explain its log');
$server{0}->safe_psql('anew', "DROP SUBSCRIPTION anew_$_") foreach 1, 2;

# A purge at a node leaves the rows of the warehouse.
my $before = sql(0, 'SELECT count(*), (SELECT count(*) FROM poa.release_log), (SELECT count(*) FROM poa.activation) FROM poa.suppression_log');
sql($_, "SELECT poa.purge_log('infinity'), poa.purge_activations('infinity')") foreach 1, 2;
is(sql(1, 'SELECT count(*) FROM poa.suppression_log'), '0', 'purged at the node');
sql($_, "INSERT INTO poa.hold_log (held_by, until, reason) VALUES ('x', '2026-01-01', 'node $_')") foreach 1, 2;
catch_up();
is(sql(0, 'SELECT count(*) FROM poa.hold_log'), '2', 'what comes after the purge is there');
is(sql(0, 'SELECT count(*), (SELECT count(*) FROM poa.release_log), (SELECT count(*) FROM poa.activation) FROM poa.suppression_log'),
	$before, 'and what was purged at the nodes, too');
is(sql(0, "SELECT string_agg(check_name, ' ') FROM poa.verify(NULL, NULL) WHERE NOT ok"), '', 'explained still');

# A subscription that is made anew brings what is there already.
# The table of alerts is not the extension's: its rows go first.
sql(0, 'DROP SUBSCRIPTION from_node_2; DELETE FROM alerts WHERE chf >= 200::bigint::guid');
sql(2, "SELECT poa.track_activation(17::bigint::guid, received_at => '2026-03-01 13:00', request_id => 'later')");
subscribe(2);
is(sql(0, "SELECT count(*), count(DISTINCT activation_id), count(*) FILTER (WHERE request_id = 'later') FROM poa.activation"), '11|11|1',
	'made anew, it adds what is new');

# A subscription that stands still is found.
sql(0, 'ALTER SUBSCRIPTION from_node_1 DISABLE');
like(sql(0, "SELECT detail FROM poa.health() WHERE check_name = 'subscription' AND NOT ok"), qr/^subscription from_node_1 is disabled/, 'disabled');
sql(0, 'ALTER SUBSCRIPTION from_node_1 ENABLE');
ok($server{0}->poll_query_until('postgres', "SELECT ok FROM poa.health() WHERE check_name = 'subscription'"), 'enabled again');
sql(0, "INSERT INTO alerts VALUES ('in the way', 'X', 1::bigint::guid, '2026-03-01', NULL)");
sql(1, "INSERT INTO alerts VALUES ('in the way', 'X', 1::bigint::guid, '2026-03-01', NULL)");
ok($server{0}->poll_query_until('postgres', "SELECT NOT ok FROM poa.health() WHERE check_name = 'subscription'"), 'one that fails is found');
sql(0, "DELETE FROM alerts WHERE id = 'in the way'");
catch_up();
ok($server{0}->poll_query_until('postgres', "SELECT ok FROM poa.health() WHERE check_name = 'subscription'"), 'and goes on');

# A dump of a node and of the warehouse keeps their numbers.
foreach my $n (2, 0)
{
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name{$n}.sql";
	$server{$n}->command_ok([ 'pg_dump', '--no-subscriptions', '--no-publications', '-f', $file, '-d', $server{$n}->connstr('postgres') ], "dump of $name{$n}");
	$server{$n}->safe_psql('postgres', 'CREATE DATABASE restored');
	$server{$n}->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $file, '-d', $server{$n}->connstr('restored') ], 'restored');
}
sub restored { my ($n, $sql) = @_; return $server{$n}->safe_psql('restored', $sql) }
is(restored(2, 'SELECT node FROM poa.node'), '2', 'the number of a node is in its dump');
is(restored(2, "SELECT poa.track_activation(16::bigint::guid, request_id => 'restored') - max(activation_id) FROM poa.activation"), '1', 'its numbers go on');
is(restored(2, "SELECT string_agg(check_name, ' ') FROM poa.health() WHERE NOT ok AND check_name IN ('sequence', 'append_only')"), '', 'and health agrees');
my ($rc, $out, $err) = $server{0}->psql('restored', "\\set VERBOSITY verbose\nSELECT poa.release(2000000000001, 'x')");
like($err, qr/ERROR:  55000: .*\nDETAIL:  2000000000001 is a number of node 2\./, 'so is the warehouse');
like(restored(0, "SELECT detail FROM poa.health() WHERE check_name = 'subscription' AND NOT ok"), qr/SELECT poa.set_node\(0\)$/, 'its triggers are made anew');
restored(0, 'SELECT poa.set_node(0)');
is(restored(0, "SELECT count(*) FROM poa.health() WHERE check_name = 'subscription' AND NOT ok"), '0', 'by the mend');

$_->stop foreach values %server;
done_testing();
