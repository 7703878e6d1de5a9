# Drivers and mappers, as docs/drivers.md has them: each example is run by the
# clients that are installed, and asserts what it says.

use strict;
use warnings;
use Cwd qw(getcwd);
use IPC::Run qw(run);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = getcwd . '/examples/drivers';
# The document shows parts of the examples as they are, but for their indentation.
my $examples = join "\n", map { slurp_file($_) =~ s/^\s+//mgr } glob "$dir/*";
foreach my $block (slurp_file('docs/drivers.md') =~ /^```(?:sql|python|java)\n(.*?)^```$/msg)
{
	my ($first) = $block =~ /(.*)/;
	ok(index($examples, $block =~ s/^\s+//mgr) >= 0, "the document shows what is run: $first");
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");    # JDBC has no Unix sockets
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE world');
$node->safe_psql('world', slurp_file("$dir/$_.sql")) foreach qw(world one_row);

# as Debian's packages install them
my $python = '/usr/bin/python3';
$ENV{PATH} = "/usr/bin:$ENV{PATH}";

# example(FILE, STORED, DIVERTED, COMMAND...): COMMAND runs as the role that may
# only write; then these MPxNs are in the table, these in the log, and all is well.
sub example
{
	my ($file, $stored, $diverted, @command) = @_;

	$node->safe_psql('postgres', 'CREATE DATABASE example TEMPLATE world');
	my $output = '';
	my $ok = do
	{
		local @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER)} = ($node->host, $node->port, 'example', 'writer');
		run([@command], '<', \undef, '>&', \$output);
	};
	ok($ok, "$file runs") or diag($output);
	note($output);
	my $numbers = q{SELECT string_agg(mpxn, ' ' ORDER BY mpxn::integer) FROM };
	is($node->safe_psql('example', $numbers . 'alerts'), $stored, "$file, stored");
	is($node->safe_psql('example', $numbers . 'poa.suppression_log'), $diverted, "$file, diverted");
	is($node->safe_psql('example', q{SELECT * FROM poa.verify('2026-03-02', '2026-03-03') WHERE NOT ok}), '', "$file, verified");
	$node->safe_psql('postgres', 'DROP DATABASE example');
	return $output;
}

# python(FILE, MODULES, STORED, DIVERTED): skipped by name where a module is missing
sub python
{
	my ($file, $modules, $stored, $diverted) = @_;
	my $output = '';
	SKIP:
	{
		skip "$python is not installed", 4 unless -x $python;
		foreach my $module (split / /, $modules)
		{
			skip "$python has no $module", 4 unless run([ $python, '-c', "import $module" ], '<', \undef, '>&', \my $ignored);
		}
		$output = example($file, $stored, $diverted, $python, '-B', "$dir/$file");
	}
	return $output;
}

python('with_psycopg2.py', 'psycopg2', '2 3 5 8 10 12', '1 4 6 7 9 11 13');
python('with_psycopg3.py', 'psycopg', '2 3 5 7 9 11 14', '1 4 6 8 10 12 13');
python('with_asyncpg.py', 'asyncpg', '2 4 6 8 9 13', '1 3 5 7 10 11 12');
python('with_sqlalchemy.py', 'sqlalchemy psycopg2', '4 6 7 9', '3 5 8');
python('with_django.py', 'django psycopg2', '5 8', '1 4 6 7');

SKIP:
{
	my $jar = '/usr/share/java/postgresql.jar';
	skip 'libpostgresql-jdbc-java is not installed', 8 unless -e $jar;
	skip 'a JDK is not installed', 8 unless -x '/usr/bin/javac';
	foreach my $rewrite ('false', 'true')
	{
		example("WithJdbc.java, reWriteBatchedInserts=$rewrite", '2 4 6 8', '1 3 5 7 9', 'java', '-cp', $jar, "$dir/WithJdbc.java", $rewrite);
	}
}

SKIP:
{
	my $path = '/usr/share/gocode';
	skip 'golang-github-jackc-pgx-v4-dev is not installed', 4 unless -d "$path/src/github.com/jackc/pgx/v4";
	skip 'go is not installed', 4 unless -x '/usr/bin/go';
	local @ENV{qw(GOPATH GO111MODULE GOCACHE GOFLAGS)} = ($path, 'off', PostgreSQL::Test::Utils::tempdir(), '-buildvcs=false');
	example('with_pgx.go', '2 4 6 8', '1 3 5 7 9', 'go', 'run', "$dir/with_pgx.go");
}

done_testing();
