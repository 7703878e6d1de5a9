
# Statements that are cancelled, terminated, timed out, out of memory or in
# mid-air when the server is killed: each leaves all of what it
# does or nothing, and the next one is judged as ever.

use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Restart qw(start_again);
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('faults');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_prepared_transactions = 5
autovacuum = off
log_statement = none
CONF
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Hub 1 has a window around 2030-01-01, hub 2 has none.  The role that inserts a row
# with the note "wait" waits for the holder of the advisory lock.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 9) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', CASE n WHEN 1 THEN 1 ELSE 10 + n END::bigint::guid, '1000000000000'
	FROM generate_series(1, 9) AS n;
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:00:00+00');
-- of meters 3 to 6, pending until 2190
SELECT poa.track_activation(n::bigint::guid, '2190-01-01 00:00:00+00', 'r' || n, '2030-01-01 00:00:00+00') FROM generate_series(3, 6) AS n;
-- over long ago, and to be purged
SELECT poa.track_activation(7::bigint::guid, received_at => '2020-01-01 00:00:00+00');

CREATE TABLE alerts (id bigint, alert_code text, chf guid, received_at timestamptz, mpxn text, note text);
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(1);
	RETURN NEW;
END
$$;
CREATE TRIGGER a_wait BEFORE INSERT ON alerts FOR EACH ROW WHEN (NEW.note = 'wait') EXECUTE FUNCTION wait();
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT n, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', NULL, CASE n WHEN 1 THEN 'wait' END
	FROM generate_series(1, 4) AS n;
SELECT poa.release(2, 'before');
BEGIN;
SELECT poa_internal.begin_import();
INSERT INTO pg_temp.guid_list_stage SELECT n::bigint::guid FROM generate_series(100, 109) AS n;
SELECT poa_internal.finish_import('add', 's', 'h');
COMMIT;

-- everything that is there, as one line a table
CREATE FUNCTION state() RETURNS TABLE (what text, n bigint, digest text) LANGUAGE plpgsql AS $$
BEGIN
	FOR what IN VALUES ('alerts'), ('poa.suppression_log'), ('poa.release_log'), ('poa.activation'), ('poa_internal.message'),
		('poa.device'), ('poa.guid_list'), ('poa.guid_list_import'), ('poa_internal.guid_list_change') LOOP
		RETURN QUERY EXECUTE format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %s AS t', what, what);
	END LOOP;
END
$$;
SQL

sub state { return $node->safe_psql('postgres', 'SELECT * FROM state()'); }

# Rows of which the fourth waits; odd ones are in the window.
sub rows
{
	my $first = shift;
	return map { [ $first + $_, 'AD1', $_ % 2 || $_ == 4 ? '00-00-00-00-00-00-00-01' : '00-00-00-00-00-00-00-02', '2030-01-01 00:15:00+00', '1000000000000', $_ == 4 ? 'wait' : '' ] } 1 .. 6;
}

# What waits for the holder below, each at its own place in the middle.
my %work = (
	'insert' => 'INSERT INTO alerts VALUES ' . join(', ', map { "('" . join("', '", @$_) . "')" } rows(100)) . ';',
	'copy' => "COPY alerts FROM stdin;\n" . join("\n", map { join "\t", @$_ } rows(200)) . "\n\\.",
	'release' => q{SELECT poa.release(1, 'waits to get into the table');},
	'purge of the log' => q{SELECT poa.purge_log('infinity');},
	'purge of activations' => q{SELECT poa.purge_activations('2029-01-01');},
	'track' => q{SELECT poa.track_activation(3::bigint::guid, '2190-02-01', 'later', '2030-01-02 00:00:00+00');},
	'cancel' => q{SELECT poa.cancel_activation(4::bigint::guid, '2030-01-02 00:00:00+00');},
	'outcome' => q{SELECT poa.record_outcome('r5', 'hash_mismatch');},
	'move' => q{UPDATE poa.device SET chf = 99::bigint::guid WHERE device = 6::bigint::guid;},
	'import' => q{BEGIN; SELECT poa_internal.begin_import();
	INSERT INTO pg_temp.guid_list_stage SELECT n::bigint::guid FROM generate_series(5, 50) AS n;
		SELECT poa_internal.finish_import('replace', 's', 'h', max_removed => 100); COMMIT;},
	'undo' => 'SELECT poa.undo_import(1);');
# the purge of activations keeps out those who come to the log after it
my @work = ((grep { $_ ne 'purge of activations' } sort keys %work), 'purge of activations');

my $middle = <<'SQL';
SELECT FROM pg_advisory_xact_lock(1);
SELECT FROM poa.release_log FOR UPDATE;
SELECT FROM poa.activation WHERE request_id IS NOT NULL FOR UPDATE;
LOCK TABLE poa.guid_list IN SHARE MODE;
LOCK TABLE poa.suppression_log IN ROW EXCLUSIVE MODE;
SQL

my $holder;
sub hold
{
	my $what = shift;
	$holder = $node->background_psql('postgres');
	$holder->set_query_timer_restart;    # how long it holds depends on the machine
	$holder->query_safe("BEGIN;\n$what");
	return;
}
sub let_go
{
	$holder->query_safe('COMMIT');
	$holder->quit;
	return;
}

my $scripts = 0;

# A session that runs a script and prints all that it receives, errors by SQLSTATE.
sub session
{
	my ($name, $script) = @_;
	my $file = "$dir/" . $scripts++;
	my $out = '';
	append_to_file($file, "\\set VERBOSITY sqlstate\n$script\n");
	return { out => \$out, handle => IPC::Run::start(
			[ 'psql', '-XAtq', '-f', $file, '-d', $node->connstr('postgres') . " application_name='$name'" ],
			'>', \$out, '2>&1') };
}
sub finish
{
	my $session = shift;
	$session->{handle}->finish;
	return ${ $session->{out} };
}

# Wait for n sessions that wait for a lock, which they do until the holder lets
# go or they are ended: nothing else lasts long enough to be seen for sure.  As
# a wait may pass, whatever is done to them is done when they are seen.
sub wait_for
{
	my ($what, $condition, $n, $call) = @_;
	my $end = time + $PostgreSQL::Test::Utils::timeout_default;
	my $count = $call ? "count($call(pid))" : 'count(*)';

	until ($node->safe_psql('postgres', "SELECT $count FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND $condition") >= $n)
	{
		die "$what: never seen" if time > $end;
		usleep(10_000);
	}
	return;
}

###########################################################################
# One statement at a time, which ends in the middle.

# what the session does next: one alert to store, one to divert
my $two = q{INSERT INTO alerts VALUES (900, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', '1'), (901, 'AD1', 2::bigint::guid, '2030-01-01 00:15:00+00', '1');};
my $where = q{SELECT (SELECT string_agg(id::text, ' ') FROM alerts WHERE id >= 900), (SELECT string_agg(alert->>'id', ' ') FROM poa.suppression_log WHERE (alert->>'id')::int >= 900);};
my $next = "ROLLBACK; RESET statement_timeout; RESET lock_timeout; BEGIN; $two $where ROLLBACK;";
my %fault = (
	'cancelled' => [ '', 'pg_cancel_backend', '57014' ],
	'terminated' => [ '', 'pg_terminate_backend', '57P01' ],
	'statement_timeout' => [ "SET statement_timeout = '100ms'; ", undef, '57014' ],
	'lock_timeout' => [ "SET lock_timeout = '30ms'; ", undef, '55P03' ]);

my $before = state();
hold($middle);
foreach my $fault (sort keys %fault)
{
	my ($set, $call, $code) = @{ $fault{$fault} };
	foreach my $work (@work)
	{
		my $session = session($work, "$set\n$work{$work}\n$next");
		if ($call)
		{
			wait_for("$work, $fault", "application_name = '$work'", 1, $call);
		}
		my $out = finish($session);
		like($out, qr/(ERROR|FATAL):  $code/, "$work, $fault: fails");
		like($out, qr/\n901\|900\n\z/, "$work, $fault: the session goes on") unless $fault eq 'terminated';
		is(state(), $before, "$work, $fault: nothing is left of it");
	}
}
let_go();

###########################################################################
# Out of memory, with less and less of it: in one place or in none.

# A session that lets itself have only some memory more than it has, and tries
# to insert an alert with a long note; true where it could not.
sub hungry
{
	my ($id, $hub, $kilobytes) = @_;
	my $limit = q{COPY (SELECT) TO PROGRAM 'cat >/dev/null; prlimit --pid $PPID --as=%s:';};
	my $size = q{$(sed -n "s/^VmSize:[^0-9]*\([0-9]*\).*/\1/p" /proc/$PPID/status)};
	my $out = finish(session('hungry', join "\n", 'SET jit = off;', 'SELECT count(*) FROM state();', sprintf($limit, "\$((1024 * ($kilobytes + $size)))"),
			"INSERT INTO alerts SELECT $id, 'AD1', $hub\::bigint::guid, '2030-01-01 00:15:00+00', '$id', repeat('memory', 700000);",
			sprintf($limit, 'unlimited'), $two =~ s/90/95/gr));
	my $places = $node->safe_psql('postgres', "SELECT (SELECT count(*) FROM alerts WHERE id = $id),"
		. " (SELECT count(*) FROM poa.suppression_log WHERE alert->>'id' = '$id')");
	my $failed = $out =~ /ERROR:  53200/;

	is($places, $failed ? '0|0' : $hub == 1 ? '0|1' : '1|0', "hub $hub, $kilobytes kB left: " . ($failed ? 'in no place' : 'in its place'))
	  or diag($out);
	return $failed;
}
my $id = 10_000;
SKIP:
{
	# it reserves terabytes, and waits forever where it has no more
	skip 'memory cannot be limited under the address sanitizer', 1
	  if $node->safe_psql('postgres', q{SELECT pg_read_file('/proc/self/maps') LIKE '%libasan%'}) eq 't';

	# without JIT, whose memory, freed again, would do for either
	my $of_stored = grep { hungry($id++, 2, 6000 * $_) } 1 .. 8;
	my $of_diverted = grep { hungry($id++, 1, 6000 * $_) } 1 .. 8;
	cmp_ok($of_stored, '>', 0, 'memory was too little to store');
	cmp_ok($of_diverted, '>', $of_stored, 'it was too little in diverting, too');
	cmp_ok($of_diverted, '<', 8, 'and enough in the end');
}
$before = state();

###########################################################################
# The server is killed while all of that waits, and while more is done but not
# committed.

# The postmaster and all backends.
sub kill_all
{
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	kill 'KILL', $postmaster, split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');
	$node->kill9;
	return;
}

# a list for the loader
append_to_file("$dir/list.csv", "GUID\n" . join '', map { sprintf "00DB1234567%05X\n", $_ } 1 .. 20_000);
sub loader
{
	my $out = '';
	return { out => \$out, handle => IPC::Run::start([ 'poa-load-list', '--max-removed', 100, '-d', $node->connstr('postgres'), "$dir/list.csv" ], '>', \$out, '2>&1') };
}

$node->safe_psql('postgres', "BEGIN; @{[ $work{copy} =~ s/wait//r ]}\nPREPARE TRANSACTION 'some';");
hold($middle);
my @sessions = map { session($_, $work{$_}) } grep { $_ ne 'purge of activations' } @work;
push @sessions, loader(), session('uncommitted', "BEGIN; $two SELECT poa.release(3, 'not committed'); SELECT pg_advisory_xact_lock(1);");
wait_for('all of them', 'true', scalar @sessions);
push @sessions, session('last', "BEGIN; $work{'purge of activations'}");
wait_for('all of them', 'true', scalar @sessions);
kill_all();
my @said = map { finish($_) } @sessions;
$holder->{run}->finish;
start_again($node);
is(scalar(grep { /closed the connection|connection to server was lost|terminat/ } @said), scalar @said, 'all of them lost the server');
is(state(), $before, 'nothing is left of what was in mid-air');
is($node->safe_psql('postgres', "COMMIT PREPARED 'some'; SELECT string_agg(id::text, ' ' ORDER BY id) FROM alerts WHERE id BETWEEN 200 AND 299;"
		. " SELECT string_agg(alert->>'id', ' ' ORDER BY log_id) FROM poa.suppression_log WHERE (alert->>'id')::int BETWEEN 200 AND 299"),
	"202 206\n201 203 204 205", 'what was prepared is all there');

###########################################################################
# What takes a while, killed while it waits for the last of what it has to do.

$node->safe_psql('postgres', <<'SQL');
INSERT INTO alerts SELECT 100000 + n, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', n::text, repeat('x', 100)
	FROM generate_series(1, 6000) AS n;
SELECT count(poa.release(log_id, 'many')) FROM poa.suppression_log WHERE log_id % 4 = 0 AND (alert->>'id')::int > 100000;
SQL
my $more = "FROM poa.suppression_log WHERE log_id % 4 = 1 AND (alert->>'id')::int > 100000";
# the name, what the holder has of it, the work, and whether it is done
my @long = (
	[ 'load', 'LOCK TABLE poa_internal.guid_list_change IN SHARE MODE',
		\&loader, 'SELECT count(*) = 20000 FROM poa.guid_list' ],
	[ 'release of many', "SELECT poa.release(max(log_id), 'by another') $more",
		sub { return session('long', "SELECT count(poa.release(log_id, 'more')) $more;") },
		"SELECT count(*) = 1500 FROM poa.release_log WHERE reason = 'more'" ],
	[ 'purge of the log', 'SELECT FROM poa.release_log ORDER BY ctid DESC LIMIT 1 FOR KEY SHARE',
		sub { return session('long', $work{'purge of the log'}) },
		'SELECT count(*) = 0 FROM poa.suppression_log' ]);

# How much has ever been written, in bytes.
sub written { return $node->safe_psql('postgres', "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"); }

foreach (@long)
{
	my ($long, $last, $work, $done) = @$_;

	$before = state();
	hold("$last;");
	my $start = written();
	my $session = $work->();
	wait_for($long, 'true', 1);
	my $part = written() - $start;
	$node->safe_psql('postgres', 'CHECKPOINT');    # that part is on disk, too
	kill_all();
	finish($session);
	$holder->{run}->finish;
	start_again($node);
	is(state(), $before, "$long, killed: nothing is left of it");
	is($session->{handle}->result(0), 3, 'its exit status is that of an error') if $long eq 'load';

	# done at last, and still done after that
	$start = written();
	my $said = finish($work->());
	my $whole = written() - $start;
	note("$long: killed after $part of $whole bytes");
	cmp_ok($part, '>', $whole / 2, "$long: most of it was there when it was killed");
	my $state = state();
	kill_all();
	start_again($node);
	is($node->safe_psql('postgres', $done), 't', "$long: done") or diag($said);
	is(state(), $state, "$long: still done after a crash");
}

$node->stop;
my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak/ && !/terminat|there is no transaction in progress/ }
  split /\n/, slurp_file($node->logfile);
is(join("\n", @complaints), '', 'the server has nothing to complain about');

done_testing();
