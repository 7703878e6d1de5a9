# The switch behind a pool of connections, as docs/operating.md has it: which way
# of setting it reaches a session that the pool keeps open, and when.

use strict;
use warnings;
use IPC::Run qw(run start);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'pgbouncer is not installed' unless $pgbouncer;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE writer LOGIN; CREATE ROLE duty_manager LOGIN;
	CREATE TABLE alerts (n serial, alert_code text, chf guid, mpxn text, received_at timestamptz DEFAULT now());
	GRANT INSERT, SELECT ON alerts TO writer; GRANT USAGE ON SEQUENCE alerts_n_seq TO writer;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 2::bigint::guid, NULL);
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	SELECT poa.attach('alerts');
	SELECT poa.track_activation(device) FROM poa.device;
});

# what the document grants to a role that is no superuser
my ($grants) = slurp_file('docs/operating.md') =~ /^```sql\n(GRANT SET, ALTER SYSTEM ON PARAMETER.*?)^```$/ms;
ok($grants, 'the document has grants');
$node->safe_psql('postgres', $grants);

# One server connection for each role, given to another client after each transaction.
my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $superuser = getpwuid($>);
append_to_file("$dir/users", join '', map { qq{"$_" ""\n} } $superuser, 'writer', 'duty_manager');
append_to_file("$dir/ini", <<INI);
[databases]
postgres = host=@{[ $node->host ]} port=@{[ $node->port ]}
[pgbouncer]
listen_addr =
listen_port = $port
unix_socket_dir = $dir
auth_type = trust
auth_file = $dir/users
admin_users = $superuser
pool_mode = transaction
default_pool_size = 1
INI
my $pool = start([ $pgbouncer, "$dir/ini" ], '<', \undef, '>', "$dir/log", '2>&1');
END { my $status = $?; $pool->signal('TERM'), $pool->finish if $pool; $? = $status }

# pooled(ROLE, SQL, DATABASE): psql's answer, tags included
sub pooled
{
	my ($role, $sql, $database) = @_;
	run([ 'psql', '-XAt', '-h', $dir, '-p', $port, '-U', $role, '-d', $database // 'postgres' ], '<', \$sql, '>&', \my $out);
	chomp $out;
	return $out;
}

# inserted: how many rows of one AD1 inside the window the pool's session stores
sub inserted { return pooled('writer', "INSERT INTO alerts (alert_code, chf) VALUES ('AD1', 2::bigint::guid)") =~ s/^INSERT 0 //r }

# becomes(EXPECTED, WHAT, SUB): what SUB returns, in the end; a reload takes a moment
sub becomes
{
	my ($expected, $what, $sub) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	my $is;
	select undef, undef, undef, 0.05 until ($is = $sub->()) eq $expected or time > $deadline;
	is($is, $expected, $what);
}

becomes('1', 'the pool is up', sub { pooled('writer', 'SELECT 1') });
is(inserted(), '0', 'the session of the pool diverts');

# one database
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET poa_suppress.enabled = off');
is($node->safe_psql('postgres', "INSERT INTO alerts (alert_code, chf) VALUES ('AD1', 2::bigint::guid) RETURNING 'stored'"),
	'stored', 'ALTER DATABASE reaches new sessions');
is(inserted(), '0', 'and not those that the pool keeps open');
pooled($superuser, 'RECONNECT', 'pgbouncer');
becomes('1', 'until the pool reconnects', \&inserted);
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET poa_suppress.enabled');
pooled($superuser, 'RECONNECT', 'pgbouncer');
becomes('0', 'and back', \&inserted);

# all sessions, by a role that was granted it
my $system = sub { return pooled('duty_manager', "SELECT count(*) > 0 FROM poa.health();\n$_[0]\nSELECT pg_reload_conf();") };
is($system->('ALTER SYSTEM SET poa_suppress.enabled = off;'), "t\nALTER SYSTEM\nt", 'the duty manager throws it');
becomes('1', 'ALTER SYSTEM reaches sessions that are open', \&inserted);
is($system->('ALTER SYSTEM RESET poa_suppress.enabled;'), "t\nALTER SYSTEM\nt", 'and turns it on again');
becomes('0', 'for all', \&inserted);

# one transaction, and what is left behind of a plain SET
$node->safe_psql('postgres', 'GRANT SET ON PARAMETER poa_suppress.enabled TO writer');
my $insert = "INSERT INTO alerts (alert_code, chf) VALUES ('AD1', 2::bigint::guid);";
is(pooled('writer', "BEGIN; SET LOCAL poa_suppress.enabled = off; $insert COMMIT;"), "BEGIN\nSET\nINSERT 0 1\nCOMMIT", 'SET LOCAL');
is(inserted(), '0', 'ends with its transaction');
is(pooled('writer', "SET poa_suppress.enabled = off; $insert"), "SET\nINSERT 0 1", 'SET');
is(inserted(), '1', 'stays behind for the next client of the pool');

done_testing();
