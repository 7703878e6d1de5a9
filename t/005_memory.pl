
# What a statement keeps open and allocates: memory does not grow with rows,
# and nothing leaks or is released twice when statements nest, fail, are caught,
# cancelled or left half read.  POA_MEMORY_SCALE=n makes the COPY n times
# as long and the long session n * n times (make memory).

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $scale = $ENV{POA_MEMORY_SCALE} || 1;
my $node = PostgreSQL::Test::Cluster->new('memory');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
max_prepared_transactions = 5
max_wal_size = 2GB
jit = off
log_statement = none
CONF
$node->start;

# Hub 1 has windows around 2030-01-01; meter 2 on hub 2 has none.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (1::bigint::guid);
INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 1::bigint::guid, '1000000000000');
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:00:00+00', request_id => 'x');
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:10:00+00');

-- All memory of this backend, and the rows that take a reading of it.
CREATE FUNCTION memory() RETURNS bigint LANGUAGE sql
	AS 'SELECT sum(total_bytes)::bigint FROM pg_backend_memory_contexts';
CREATE FUNCTION read_memory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.note := memory();
	RETURN NEW;
END
$$;
CREATE UNLOGGED TABLE storm (id int, alert_code text, chf guid, received_at timestamptz, mpxn text, note text);
CREATE TRIGGER a_reading BEFORE INSERT ON storm FOR EACH ROW
	WHEN (NEW.id % 50000 = 0) EXECUTE FUNCTION read_memory();
SELECT poa.attach('storm');
SQL

###########################################################################
# Memory

# The readings of one statement do not grow once it has warmed up.
sub steady
{
	my ($what, $rows, $from, $setup) = @_;
	my @readings = split /\n/, $node->safe_psql('postgres', $setup . <<"SQL");
SELECT note FROM (
	SELECT id, note::bigint FROM storm WHERE note IS NOT NULL
	UNION ALL SELECT (alert->>'id')::int, (alert->>'note')::bigint FROM poa.suppression_log
	WHERE alert->>'note' IS NOT NULL) AS readings ORDER BY id;
SQL
	is(scalar @readings, $rows / 50_000, "$what: readings");
	my $growth = $readings[-1] - $readings[1];
	cmp_ok($growth, '<', 65536, "$what: memory does not grow with rows");
	note("$what: readings @readings");
	my $left = $node->safe_psql('postgres',
		"SELECT (SELECT count(*) FROM storm), count(*) FROM poa.suppression_log; SELECT poa.purge_log('infinity'); TRUNCATE storm");
	is($left, "$from\n" . (split /\|/, $from)[1], "$what: rows");
	return;
}

my $alert = sub {
	my ($rows, $hub) = @_;
	return "INSERT INTO storm SELECT n, 'AD1', $hub, '2030-01-01 00:15:00+00', '2000012345672'"
	  . " FROM (SELECT generate_series(1, $rows) AS n) AS s;";
};
steady('storm without windows', 1_000_000, '1000000|0', $alert->(1_000_000, '(2 + n % 100000)::bigint::guid'));
steady('diverted rows', 200_000, '0|200000', $alert->(200_000, '1::bigint::guid'));
steady('diverted rows in other settings', 200_000, '0|200000',
	"SET extra_float_digits = 0; SET intervalstyle = iso_8601;" . $alert->(200_000, '1::bigint::guid'));

# Half of the rows diverted, one in four no AD1.
my $file = PostgreSQL::Test::Utils::tempdir() . '/storm.txt';
my $rows = 200_000 * $scale;
open my $copy, '>', $file or die "$file: $!";
foreach my $n (1 .. $rows)
{
	my $code = $n % 4 == 1 ? '8F35' : 'AD1';
	printf $copy "%d\t%s\t%016x\t2030-01-01 00:15:00+00\t2000012345672\t\\N\n", $n, $code, 1 + $n % 2;
}
close $copy;
steady('COPY', $rows, $rows / 2 . '|' . $rows / 2, "COPY storm FROM '$file';");

# Many statements in one transaction leave no more behind than those on a
# table that is not attached.
my $left = sub {
	my ($table, $caught) = @_;
	my $fail = $caught ? 'BEGIN INSERT INTO %1$s SELECT n, code, 1::bigint::guid, at + n * interval \'1 microsecond\', NULL, (1 / (3 - i))::text FROM generate_series(1, 3) AS i; EXCEPTION WHEN division_by_zero THEN END;' : '';
	return sprintf <<'SQL' . $fail . <<'SQL', $table;
BEGIN;
DO $$
DECLARE
	before bigint;
	code text := 'AD1';
	at timestamptz := '2030-01-01 00:15:00+00';
BEGIN
	FOR n IN 1 .. 21000 LOOP
		IF n = 1000 THEN
			before := memory();
		END IF;
		INSERT INTO %1$s VALUES (1, code, 1::bigint::guid, at + n * interval '1 microsecond'), (1, code, 2::bigint::guid, at);
SQL
	END LOOP;
	PERFORM set_config('test.growth', (memory() - before)::text, false);
END
$$;
COMMIT;
SELECT current_setting('test.growth');
TRUNCATE storm;
SQL
};
$node->safe_psql('postgres', 'CREATE UNLOGGED TABLE plain (LIKE storm)');
foreach my $caught (0, 1)
{
	my ($plain, $attached) =
	  map { $node->safe_psql('postgres', $left->($_, $caught)) } 'plain', 'storm';
	$node->safe_psql('postgres', "SELECT poa.purge_log('infinity')");
	note("growth in 20000 statements: plain $plain, attached $attached");
	# a cache of the server's may take another block, but not 50 bytes a statement
	cmp_ok($attached - $plain, '<', 1_000_000,
		'statements of one transaction leave nothing' . ($caught ? ', nor do failed ones' : ''));
}

###########################################################################
# Statements within statements.  Whatever the functions below store or divert
# they note in "expected" in the same transaction, so that it is rolled back
# with it; in the end the two must agree.

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE a (id int, alert_code text, chf guid, received_at timestamptz, mpxn text, note text,
	CONSTRAINT good CHECK (note <> 'bad'));
CREATE TABLE b (note text, mpxn text, received_at timestamptz, chf guid, alert_code varchar, id int,
	CONSTRAINT good CHECK (note <> 'bad')) PARTITION BY LIST ((id % 3));
CREATE TABLE b0 PARTITION OF b FOR VALUES IN (0);
CREATE TABLE b1 (id int, alert_code varchar, chf guid, received_at timestamptz, mpxn text, note text,
	CONSTRAINT good CHECK (note <> 'bad'));
ALTER TABLE b ATTACH PARTITION b1 FOR VALUES IN (1);
CREATE TABLE b2 PARTITION OF b DEFAULT;
CREATE TABLE c (LIKE a INCLUDING ALL);
SELECT poa.attach('a');
SELECT poa.attach('b');
SELECT poa.attach('c');
CREATE TABLE expected (id int, stored boolean);
CREATE SEQUENCE ids;

CREATE FUNCTION pick(seed int, choices int) RETURNS int LANGUAGE sql IMMUTABLE
	AS 'SELECT (hashint8(seed * 7919::bigint) & 65535) % choices';

-- Insert alerts into one of the tables, every one of them with nest() in its note.
CREATE FUNCTION arrive(depth int, seed int, fails boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	alerts text := (ARRAY['a', 'b', 'c'])[1 + pick(seed + 1, 3)];
	rows int := 1 + pick(seed + 2, 6);
	first int := nextval('ids') * 10;
BEGIN
	INSERT INTO expected
		SELECT first + n, pick(seed + n, 3) <> 0 FROM generate_series(1, rows) AS n;
	EXECUTE format('INSERT INTO %I (id, alert_code, chf, received_at, mpxn, note)'
		' SELECT $1 + n, CASE pick($2 + n, 3) WHEN 1 THEN ''8F35'' ELSE ''AD1'' END,'
		' CASE pick($2 + n, 3) WHEN 2 THEN 2 ELSE 1 END::bigint::guid, $3 + ($1 + n) * interval ''1 microsecond'', NULL,'
		' CASE WHEN $5 AND n = $6 AND pick($2 + n, 3) <> 0 THEN ''bad''	WHEN $5 AND n = $6 THEN (1 / (n - n))::text'
		' ELSE nest($4, $2 + 10 * n) END FROM generate_series(1, $6) AS n', alerts)
		USING first, seed, timestamptz '2030-01-01 00:15:00+00', depth - 1, fails, rows;
END
$$;

CREATE FUNCTION nest(depth int, seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	one text;
	half_read refcursor;
BEGIN
	IF depth = 0 THEN
		RETURN 'leaf';
	END IF;
	CASE pick(seed, 8)
	WHEN 0, 1 THEN
		PERFORM arrive(depth, seed, false);
	WHEN 2 THEN
		BEGIN
			PERFORM arrive(depth, seed, false);
			PERFORM arrive(depth, seed + 100, true);
			RAISE EXCEPTION 'not reached';
		EXCEPTION WHEN check_violation OR division_by_zero THEN
			PERFORM arrive(depth, seed + 200, false);
		END;
	WHEN 3 THEN
		BEGIN
			PERFORM arrive(depth, seed, false);
		EXCEPTION WHEN OTHERS THEN
			PERFORM arrive(depth, seed + 300, false);
		END;
	WHEN 4 THEN
		FOR one IN SELECT nest(depth - 1, seed + n) FROM generate_series(1, 4) AS n LOOP
			PERFORM arrive(depth, seed + 400, false);
			EXIT WHEN pick(seed, 2) = 0;
		END LOOP;
	WHEN 5 THEN
		OPEN half_read FOR SELECT nest(depth - 1, seed + n) FROM generate_series(1, 4) AS n;
		FETCH half_read INTO one;
		FETCH half_read INTO one;
		BEGIN
			FETCH half_read INTO one;
			PERFORM arrive(1, seed, true);
		EXCEPTION WHEN check_violation OR division_by_zero OR invalid_cursor_name THEN
			NULL;
		END;
	WHEN 6 THEN
		PERFORM arrive(depth, seed, true);
	ELSE
		PERFORM nest(depth - 1, seed + n) FROM generate_series(1, 2) AS n;
	END CASE;
	RETURN 'nest';
END
$$;

-- Before a row of c, and after one, others arrive; some of those fail and are caught.
CREATE FUNCTION echo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() < 3 THEN
		BEGIN
			PERFORM arrive(1, NEW.id, pick(NEW.id, 2) = 0);
		EXCEPTION WHEN check_violation OR division_by_zero THEN
			PERFORM arrive(1, NEW.id + 1, false);
		END;
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER before_row BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION echo();
CREATE TRIGGER after_row AFTER INSERT ON c FOR EACH ROW EXECUTE FUNCTION echo();
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON c DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (NEW.id % 5 = 0) EXECUTE FUNCTION echo();

CREATE VIEW difference AS
	SELECT e.id AS expected, g.id AS got, e.stored AS to_store, g.stored AS stored
	FROM expected AS e FULL JOIN (
		SELECT id, true AS stored FROM a UNION ALL SELECT id, true FROM b
		UNION ALL SELECT id, true FROM c
		UNION ALL SELECT (alert->>'id')::int, false FROM poa.suppression_log WHERE alert ? 'id') AS g
	ON g.id = e.id AND g.stored = e.stored
	WHERE e.id IS NULL OR g.id IS NULL;
SQL

# A script of nests in savepoints, cursors, and statements that fail; errors
# are part of it.
my @script;
foreach my $n (1 .. 160)
{
	my $seed = 1000 * $n;
	my $form = $n % 8;
	push @script,
		$form == 0 ? "SELECT nest(3, $seed);"
	  : $form == 1 ? "BEGIN; SELECT arrive(2, $seed, false); SAVEPOINT s; SELECT nest(3, $seed + 1);"
	  . " ROLLBACK TO s; SELECT arrive(1, $seed + 2, false); COMMIT;"
	  : $form == 2 ? "BEGIN; DECLARE half CURSOR FOR SELECT nest(2, $seed + n) FROM generate_series(1, 9) AS n;"
	  . " FETCH 2 FROM half; SAVEPOINT s; FETCH 2 FROM half; ROLLBACK TO s; SELECT arrive(1, $seed, false);"
	  . ' FETCH 1 FROM half; COMMIT;'
	  : $form == 3 ? "BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT nest(2, $seed + n) FROM generate_series(1, 4) AS n;"
	  . ' FETCH 1 FROM held; COMMIT; FETCH 1 FROM held; CLOSE held;'
	  : $form == 4 ? "BEGIN; SAVEPOINT s; SELECT arrive(2, $seed, true); ROLLBACK TO s; SELECT arrive(2, $seed + 7, false);"
	  . ' SAVEPOINT t; SELECT arrive(1, ' . ($seed + 8) . ', false); RELEASE t; RELEASE s; COMMIT;'
	  : $form == 5 ? "BEGIN; SELECT arrive(2, $seed, false); PREPARE TRANSACTION 'p'; COMMIT PREPARED 'p'; ROLLBACK;"
	  : $form == 6 ? "DO \$\$ BEGIN FOR n IN 1 .. 5 LOOP PERFORM arrive(2, $seed + n, false);"
	  . ' IF n % 2 = 0 THEN ROLLBACK; ELSE COMMIT; END IF; END LOOP; END $$;'
	  : "BEGIN; SELECT arrive(1, $seed, false); SELECT nest(3, $seed + 1); COMMIT;";
}
my ($rc, $out, $err) = $node->psql('postgres', join("\n", @script), on_error_stop => 0,
	timeout => $PostgreSQL::Test::Utils::timeout_default);
is($rc, 0, 'statements within statements');
my ($stored, $diverted, $tried) = split /\|/, $node->safe_psql('postgres',
	'SELECT count(*) FILTER (WHERE stored), count(*) FILTER (WHERE NOT stored),'
	  . " (SELECT last_value FROM ids) FROM expected");
note("stored $stored, diverted $diverted, statements $tried");
cmp_ok($stored, '>', 300, 'alerts were stored');
cmp_ok($diverted, '>', 300, 'alerts were diverted');
is($node->safe_psql('postgres', 'SELECT * FROM difference LIMIT 5'),
	'', 'what was not rolled back is stored or diverted, once');

###########################################################################
# The extended protocol: portals that are left half run, savepoints between
# them, errors in the middle of a pipeline.

package Protocol;

sub new
{
	my ($class, $server) = @_;
	my $self = bless { socket => $server->raw_connect }, $class;
	my $user = $server->safe_psql('postgres', 'SELECT current_user');

	my $startup = pack('N', 196608) . join("\0", user => $user, database => 'postgres', '', '');
	$self->{socket}->print(pack('N', 4 + length $startup) . $startup);
	$self->{socket}->flush;
	$self->answers;
	return $self;
}

sub put
{
	my ($self, $type, $body) = @_;
	$self->{socket}->print($type . pack('N', 4 + length $body) . $body);
	return $self;
}

sub bytes
{
	my ($self, $length) = @_;
	my $data = '';
	while (length $data < $length)
	{
		sysread($self->{socket}, $data, $length - length $data, length $data)
		  or die 'the server has closed the connection';
	}
	return $data;
}

# What the server sends until it is ready again: command tags and SQLSTATEs.
sub answers
{
	my $self = shift;
	my @answers;
	while (1)
	{
		my ($type, $length) = unpack 'aN', $self->bytes(5);
		my $body = $self->bytes($length - 4);
		push @answers, $body =~ s/\0.*//sr if $type eq 'C';
		push @answers, 'suspended' if $type eq 's';
		push @answers, $body =~ /\0C(.{5})\0/s if $type eq 'E';
		return @answers if $type eq 'Z';
	}
}

sub execute
{
	my ($self, $portal, $rows, $sql) = @_;
	if (defined $sql)
	{
		$self->put(P => "\0$sql\0" . pack 'n', 0);
		$self->put(B => "$portal\0\0" . pack 'nnn', 0, 0, 0);
	}
	return $self->put(E => "$portal\0" . pack 'N', $rows);
}

sub sync
{
	my $self = shift;
	$self->put(S => '');
	$self->{socket}->flush;
	return join ' ', $self->answers;
}

package main;

my $id = 900_000_000;

# Alerts of hub 1 or 2 as an insert, with what is expected of them.
sub arriving
{
	my ($table, $hub, $rows, $note) = @_;
	my $first = $id;
	$id += $rows;
	return "WITH e AS (INSERT INTO expected SELECT $first + n, $hub = 2 FROM generate_series(1, $rows) AS n)"
	  . " INSERT INTO $table (id, alert_code, chf, received_at, note) SELECT $first + n, 'AD1',"
	  . " $hub\::bigint::guid, timestamptz '2030-01-01 00:15:00+00' + ($first + n) * interval '1 microsecond', $note FROM generate_series(1, $rows) AS n";
}

SKIP:
{
	skip 'no raw connections', 1 unless $node->raw_connect_works;
	my $client = Protocol->new($node);

	# two portals, one suspended while the other runs, fails and is rolled back
	my $both = sub {
		$client->execute('', 0, 'BEGIN');
		$client->execute('p1', 2, arriving('a', 2, 5, "''") . ' RETURNING id');
		$client->execute('p2', 1, "SELECT arrive(1, 77 + n, false) FROM generate_series(1, 4) AS n");
		$client->execute('', 0, 'SAVEPOINT s');
		$client->execute('p1', 1);
		$client->execute('p2', 1);
		$client->execute('', 0, arriving('b', 1, 4, '(1 / (3 - n))::text'));
		return $client->sync;
	};
	is($both->(), 'BEGIN suspended suspended SAVEPOINT suspended suspended 22012', 'an error among portals');
	is($client->execute('', 0, 'ROLLBACK TO s')->sync, 'ROLLBACK', 'rollback to a savepoint among them');
	$client->execute('p1', 0);
	$client->execute('', 0, arriving('b', 1, 4, "''") . ' RETURNING id');
	$client->execute('', 0, arriving('c', 2, 2, "''") . ' RETURNING id');
	$client->execute('', 0, 'COMMIT');
	like($client->sync, qr/^INSERT 0 2 INSERT 0 0 INSERT 0 2 COMMIT$/, 'portals go on after it');

	# a pipeline that fails in the middle is one transaction
	$client->execute('', 0, arriving('a', 1, 3, "''"));
	$client->execute('', 0, arriving('b', 2, 3, '(1 / (3 - n))::text'));
	$client->execute('', 0, arriving('a', 2, 3, "''"));
	is($client->sync, 'INSERT 0 0 22012', 'a pipeline that fails');
	$client->execute('', 0, arriving('a', 1, 3, "''"));
	$client->execute('', 0, arriving('b', 2, 3, "''"));
	is($client->sync, 'INSERT 0 0 INSERT 0 3', 'one that does not');

	# the same portal in a subtransaction that ends
	$client->execute('', 0, 'BEGIN');
	$client->execute('', 0, 'SAVEPOINT s');
	$client->execute('p', 1, "SELECT arrive(1, 177 + n, false) FROM generate_series(1, 4) AS n");
	$client->execute('', 0, 'RELEASE s');
	$client->execute('p', 1);
	$client->execute('', 0, 'SAVEPOINT t');
	$client->execute('p', 1);
	$client->execute('', 0, 'COMMIT');
	is($client->sync, 'BEGIN SAVEPOINT suspended RELEASE suspended SAVEPOINT suspended COMMIT',
		'a portal older than its subtransaction');
	$client->put(X => '');
	$client->{socket}->flush;

	is($node->safe_psql('postgres', 'SELECT * FROM difference LIMIT 5'), '', 'all of it stored or diverted, once');
}

###########################################################################
# Errors in the trigger itself, and commands that pull the rug from under it.

my $at = "'2030-01-01 00:15:00+00'";
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE writer LOGIN;
CREATE TYPE touchy AS ENUM ('0', '1');
CREATE FUNCTION touchy_json(touchy) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	RETURN to_json(1 / ($1::text)::int);
END
$$;
CREATE CAST (touchy AS json) WITH FUNCTION touchy_json(touchy);
CREATE TABLE d (alert_code text, chf guid, received_at timestamptz, mpxn text, t touchy);
SELECT poa.attach('d');
GRANT INSERT, SELECT ON d TO writer;
CREATE FUNCTION full_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.mpxn = 'full' THEN
		RAISE disk_full USING MESSAGE = 'as ' || current_user;
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER full_log BEFORE INSERT ON poa.suppression_log FOR EACH ROW EXECUTE FUNCTION full_log();
SQL
my $errors = $node->safe_psql('postgres', <<"SQL");
SET ROLE writer;
CREATE TEMP TABLE said (n serial, what text);
DO \$\$
BEGIN
	FOR n IN 1 .. 3 LOOP
		BEGIN
			INSERT INTO d VALUES ('AD1', 1::bigint::guid, $at, NULL, '1'), ('AD1', 1::bigint::guid, $at, NULL, '0');
		EXCEPTION WHEN division_by_zero THEN
			INSERT INTO said (what) VALUES ('division ' || current_user);
		END;
		BEGIN
			INSERT INTO d VALUES ('AD1', 1::bigint::guid, $at, NULL, '1'), ('AD1', 1::bigint::guid, $at, 'full', '1');
		EXCEPTION WHEN disk_full THEN
			INSERT INTO said (what) VALUES (sqlerrm || ' ' || current_user);
		END;
		INSERT INTO d VALUES ('AD1', 1::bigint::guid, $at, 'twice', '1'), ('AD1', 2::bigint::guid, $at, NULL, '0');
	END LOOP;
END
\$\$;
SELECT string_agg(what, ', ' ORDER BY n) FROM said;
SELECT count(*) FROM d;
RESET ROLE;
SELECT count(*) FROM poa.suppression_log WHERE source_table = 'd';
SQL
my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
is($errors, join(', ', ('division writer', "as $superuser writer") x 3) . "\n3\n3",
	'errors in writing the log leave the user and the next statement as they were');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE said (n int, sqlstate text);
CREATE FUNCTION attempt(n int, command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	INSERT INTO said VALUES (n, 'done');
	RETURN '';
EXCEPTION WHEN OTHERS THEN
	INSERT INTO said VALUES (n, sqlstate);
	RETURN '';
END
$$;
SQL
my @commands = (
	'DROP EXTENSION poa_suppress CASCADE',
	'TRUNCATE poa.activation',
	'REINDEX INDEX poa.activation_chf_idx',
	'DROP INDEX poa.activation_chf_idx',
	'ALTER TABLE poa.activation ADD COLUMN more int',
	'ALTER TABLE poa.suppression_log ADD COLUMN more int',
	'REINDEX TABLE poa.suppression_log',
	'ALTER TABLE poa.hold_log ADD COLUMN more int',
	'CLUSTER poa.activation USING activation_pkey',
	'ALTER TABLE a ALTER COLUMN mpxn TYPE varchar',
	'ALTER TABLE a DROP COLUMN chf');
foreach my $n (0 .. $#commands)
{
	my $rug = "CASE n WHEN 2 THEN attempt($n, \$c\$$commands[$n]\$c\$) ELSE '' END";
	$node->safe_psql('postgres', arriving('a', 1, 4, $rug));
	is( $node->safe_psql('postgres', "SELECT sqlstate FROM said WHERE n = $n"),
		'55006', "refused in the middle of a statement: $commands[$n]");
}
is($node->safe_psql('postgres', 'SELECT * FROM difference LIMIT 5'), '', 'and the statements went on');

# PostgreSQL lets a trigger go in the middle of a statement, which keeps it to its end
$node->safe_psql('postgres', arriving('a', 1, 4, q{CASE n WHEN 2 THEN attempt(100, 'SELECT poa.detach(''a'')') ELSE '' END}));
$node->safe_psql('postgres', "SELECT poa.attach('a')");
is($node->safe_psql('postgres', 'SELECT * FROM difference LIMIT 5'), '', 'a table is detached in the middle of a statement');

# cancelled in the middle, then more of the same
($rc, $out, $err) = $node->psql('postgres', <<"SQL", on_error_stop => 0);
BEGIN;
SAVEPOINT s;
SET statement_timeout = '200ms';
INSERT INTO storm SELECT n, 'AD1', (1 + n % 2)::bigint::guid, $at FROM generate_series(1, 100000000) AS n;
ROLLBACK TO s;
@{[ arriving('a', 1, 4, "''") ]};
COMMIT;
SET statement_timeout = '200ms';
INSERT INTO storm SELECT n, 'AD1', (1 + n % 2)::bigint::guid, $at FROM generate_series(1, 100000000) AS n;
RESET statement_timeout;
@{[ arriving('a', 1, 4, "''") ]};
@{[ arriving('b', 2, 4, "''") ]};
SQL
is(() = $err =~ /canceling statement due to statement timeout/g, 2, 'statements are cancelled');
is($node->safe_psql('postgres', 'SELECT * FROM difference LIMIT 5'), '', 'and others go on');

# other ways to insert
$node->safe_psql('postgres', <<"SQL");
CREATE UNIQUE INDEX ON a (id);
CREATE TABLE more (id int);
WITH x AS (INSERT INTO a (id, alert_code, chf, received_at) VALUES (-6, 'AD1', 1::bigint::guid, $at) RETURNING id),
	y AS (INSERT INTO b (id, alert_code, chf, received_at) VALUES (-1, 'AD1', 1::bigint::guid, $at),
		(-7, 'AD1', 2::bigint::guid, $at) RETURNING id)
INSERT INTO more SELECT id FROM x UNION ALL SELECT id FROM y;
INSERT INTO a (id, alert_code, chf, received_at) VALUES (-2, 'AD1', 2::bigint::guid, $at);
INSERT INTO a (id, alert_code, chf, received_at) VALUES (-2, 'AD1', 2::bigint::guid, $at), (-3, 'AD1', 1::bigint::guid, $at)
	ON CONFLICT (id) DO UPDATE SET note = 'again';
MERGE INTO a USING (VALUES (-2), (-4), (-5)) AS v (id) ON a.id = v.id
	WHEN MATCHED THEN UPDATE SET note = 'merged'
	WHEN NOT MATCHED THEN INSERT (id, alert_code, chf, received_at) VALUES (v.id, 'AD1', (v.id + 6)::bigint::guid, $at);
SQL
is($node->safe_psql('postgres', "SELECT id, note FROM a WHERE id < 0 ORDER BY id; SELECT count(*) FROM more"),
	"-4|\n-2|merged\n1", 'WITH, ON CONFLICT and MERGE');
is( $node->safe_psql('postgres',
		"SELECT string_agg(alert->>'id', ' ' ORDER BY (alert->>'id')::int) FROM poa.suppression_log WHERE (alert->>'id')::int < 0"),
	'-6 -5 -3 -1', 'divert as plain inserts do');

###########################################################################
# One session that works for long: whatever it calls, once it has called
# everything a few times it has all the memory it needs.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE inbox (alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE TABLE reading (round int, bytes bigint);
SELECT poa.attach('inbox');
SQL
my $round = sub {
	my $n = shift;
	# a day of its own for each, lest windows pile up
	my $at = "timestamptz '2031-01-01 00:00:00+00' + $n * interval '1 day'";
	return <<"SQL";
SELECT poa.track_activation(1::bigint::guid, request_id => 'round $n', received_at => $at);
SELECT poa.track_activation(1::bigint::guid, $at + interval '1 hour', 'later $n', $at);
SELECT poa.track_activation(2::bigint::guid, received_at => $at);
INSERT INTO inbox VALUES ('AD1', 1::bigint::guid, $at + interval '1 minute'), ('AD1', 2::bigint::guid, $at);
INSERT INTO inbox SELECT 'AD1', 1::bigint::guid, $at, (1 / (2 - i))::text FROM generate_series(1, 2) AS i;
BEGIN;
SAVEPOINT s;
INSERT INTO inbox SELECT 'AD1', 1::bigint::guid, $at, (1 / (2 - i))::text FROM generate_series(1, 2) AS i;
ROLLBACK TO s;
INSERT INTO inbox VALUES ('AD1', 1::bigint::guid, $at), ('8F35', 1::bigint::guid, $at);
COMMIT;
SELECT poa.record_outcome('round $n', 'succeeded'), poa.record_outcome('none', 'no_image_held'), poa.record_outcome('none', 'none');
SELECT poa.cancel_activation(1::bigint::guid, $at);
SELECT poa.cancel_activation(1::bigint::guid, NULL);
SELECT poa_internal.track_command(a.device, NULL, a.request_id, $at + interval '1 minute', 'signed') FROM poa.activation AS a WHERE a.request_id = 'round $n';
SELECT count(*) FROM poa.explain(2::bigint::guid, $at);
SELECT count(*) FROM poa.eligibility(1::bigint::guid);
SELECT poa.release(max(log_id), 'round $n') FROM poa.suppression_log;
SELECT poa.release(max(log_id), 'again') FROM poa.suppression_log;
SELECT poa.gbcs_activation('\\xDF0901');
SELECT poa.receive('<sr:Request xmlns:sr="http://www.dccinterface.co.uk/ServiceUserGateway"/>', $at);
SQL
};
my $seldom = sub {
	my $n = shift;
	return <<"SQL";
UPDATE poa.device SET chf = (3 + $n % 2)::bigint::guid;
UPDATE poa.device SET chf = 1::bigint::guid;
SELECT poa.detach('inbox');
SELECT poa.attach('inbox', mode => CASE $n % 20 WHEN 0 THEN 'shadow' ELSE 'divert' END);
SELECT poa.purge_log('infinity'), poa.purge_activations('infinity');
TRUNCATE inbox;
SQL
};
my $rounds = 200 * $scale**2;
my $session = "LOAD 'poa_suppress'; SET client_min_messages = error;";
foreach my $n (1 .. $rounds)
{
	$session .= $round->($n);
	$session .= $seldom->($n) if $n % 10 == 0;
	$session .= "INSERT INTO reading SELECT $n, memory();\n" if $n % ($rounds / 4) == 0;
}
$node->psql('postgres', $session, on_error_stop => 0, timeout => 10 * $PostgreSQL::Test::Utils::timeout_default);
my @bytes = split /\n/, $node->safe_psql('postgres', 'SELECT bytes FROM reading ORDER BY round');
is(scalar @bytes, 4, 'a session works for long');
note("memory in the quarters of $rounds rounds: @bytes");
cmp_ok($bytes[3] - $bytes[1], '<', 65536, 'and does not grow once it is warm');

$node->stop;
my @complaints = grep {
	/WARNING|PANIC|FATAL|TRAP|terminated by signal|not owned|leak|not closed/
	  && !/there is no transaction in progress/
	  && !/terminating (?:connection|autovacuum process) due to administrator command/	# what was at work when the server stopped
} split /\n/, slurp_file($node->logfile);
is(join("\n", @complaints), '', 'the server has nothing to complain about');

done_testing();
