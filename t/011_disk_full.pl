
# The log's tablespace runs full: inserts that would be diverted fail whole,
# others go on, and with free space again everything does.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant ROOM => 6 * 1024 * 1024;

my $node = PostgreSQL::Test::Cluster->new('full');
# small segments, as the limit below counts for every file
$node->init(extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\n");
$node->start;
my $tablespace = PostgreSQL::Test::Utils::tempdir();

# Hub 1 has a window, hub 2 has none; the log is elsewhere.
$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (1::bigint::guid);
INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 1::bigint::guid, '1000000000000');
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:00:00+00');
CREATE TABLE alerts (id int, alert_code text, chf guid, received_at timestamptz, mpxn text, note text);
SELECT poa.attach('alerts');
SQL
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$tablespace'");
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE poa.suppression_log SET TABLESPACE small;
SELECT format('ALTER INDEX %s SET TABLESPACE small', indexrelid::regclass) FROM pg_index WHERE indrelid = 'poa.suppression_log'::regclass
\gexec
-- every other row is in the window, with so many bytes of a note that does not compress
CREATE FUNCTION arrive(first int, rows int, bytes int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO alerts SELECT first + n, 'AD1', (1 + n % 2)::bigint::guid, '2030-01-01 00:15:00+00', NULL,
		CASE n % 2 WHEN 0 THEN (SELECT string_agg(md5((first + n + m)::text), '') FROM generate_series(1, bytes / 32) AS m) END
	FROM generate_series(1, rows) AS n
$$;
SQL

# No file of the server may grow beyond a size, as on a disk that is full.
sub limit
{
	my $size = shift;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	run_log([ 'prlimit', '--pid', $postmaster, "--fsize=$size:" ]) or die 'no limit';
	return;
}

my $places = 'SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM poa.suppression_log);';

# Rows that fill the table of the log first, and rows that fill what it keeps outside of it.
my $first = 0;
foreach ([ 32, 2000 ], [ 1500, 200 ], [ 20_000, 20 ])
{
	my ($bytes, $rows) = @$_;
	my ($rounds, $before, $err) = (0, '', '');
	limit(ROOM);
	until ($err || $rounds == 200)
	{
		$node->psql('postgres', "$places SELECT arrive($first, $rows, $bytes)", stdout => \$before, stderr => \$err);
		$first += $rows;
		$rounds++;
	}
	is($node->safe_psql('postgres', $places), $before, "rows of $bytes: the insert that finds no room leaves nothing");
	like($err, qr/could not extend file "pg_tblspc|could not write .*pg_tblspc/, "rows of $bytes: the disk is full after $rounds statements");

	# a transaction, a statement that is caught, and COPY
	$node->psql('postgres', "BEGIN; INSERT INTO alerts VALUES (0, '8F35'); SELECT arrive($first, $rows, $bytes); COMMIT;", stderr => \$err);
	like($err, qr/could not (extend|write)/, "rows of $bytes: a transaction fails");
	my @copied = ("0\tAD1\t0000000000000002\t2030-01-01 00:15:00+00\t\\N\t\\N",
		map { "0\tAD1\t0000000000000001\t2030-01-01 00:15:00+00\t\\N\t" . unpack 'H*', join '', map { pack 'n', rand 2**16 } 1 .. $bytes / 4 } 1 .. $rows);
	$node->psql('postgres', join("\n", 'COPY alerts FROM stdin;', @copied, '\.', ''), stderr => \$err);
	like($err, qr/could not (extend|write)/, "rows of $bytes: a COPY fails");
	is($node->safe_psql('postgres', $places), $before, 'they leave nothing');
	my ($stored) = $before =~ /^(\d+)/;
	is($node->safe_psql('postgres', <<"SQL"), $stored + 2, 'what needs no room in the log is stored');
DO \$\$
BEGIN
	BEGIN
		PERFORM arrive($first, $rows, $bytes);
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO alerts VALUES (0, '8F35'), (0, '8F36');
	END;
END
\$\$;
SELECT count(*) FROM alerts;
SQL

	# free space again
	limit('unlimited');
	$node->safe_psql('postgres', "SELECT arrive($first, 100, $bytes)");
	$first += 100;
	is($node->safe_psql('postgres', "SELECT (SELECT count(*) FROM alerts WHERE id > $first - 100), (SELECT count(*) FROM poa.suppression_log WHERE (alert->>'id')::int > $first - 100)"),
		'50|50', 'with room again all go on');
	is($node->safe_psql('postgres', <<'SQL'), '', 'none is in two places');
SELECT id FROM (SELECT id FROM alerts WHERE id > 0 UNION ALL SELECT (alert->>'id')::int FROM poa.suppression_log) AS a
	GROUP BY id HAVING count(*) > 1
SQL
	$node->safe_psql('postgres', "SELECT poa.purge_log('infinity')");
	$node->safe_psql('postgres', 'TRUNCATE alerts');
	$node->safe_psql('postgres', 'VACUUM poa.suppression_log');
}

$node->stop;
my @complaints = grep { /WARNING|PANIC|FATAL|TRAP|not owned|leak/ && !/terminating/ } split /\n/, slurp_file($node->logfile);
is(join("\n", @complaints), '', 'the server has nothing to complain about');

done_testing();
