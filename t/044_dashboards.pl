# examples/grafana: every query of every panel and of every variable is run as
# the role that its dashboard is for, as Grafana would send it, in a world in
# which each of them has something to show; a DNO sees its own rows only
# (docs/monitoring.md).

use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE operator LOGIN;
	CREATE ROLE dno LOGIN;
	SELECT poa.grant_operator('operator'), poa.grant_dno('dno', 20);
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
	INSERT INTO poa.originator VALUES ('90-B3-D5-1F-30-01-00-00', 'Supplier');
	/* meters and hubs 1 to 10 are of distributor 20, 11 to 20 of 19 */
	INSERT INTO poa.device SELECT n::guid, 'ESME', 2, '1063', (n + 100)::guid, 20 - (n - 1) / 10 || lpad(n::text, 11, '0')
	FROM generate_series(1::bigint, 20) AS n;
	INSERT INTO poa.guid_list SELECT device FROM poa.device;
	CREATE TABLE alerts (alert_code text, chf guid, mpxn text, outage_started_at timestamptz, received_at timestamptz);
	CREATE INDEX ON alerts (chf, received_at);
	SELECT poa.attach('alerts', started => 'outage_started_at');
	/* 3 hours ago, now and to come; an outage that began before its window */
	SELECT poa.track_activation(device, received_at => now() - interval '3 hours',
		request_id => '90-B3-D5-1F-30-01-00-00:' || device || ':' || device::bigint) FROM poa.device;
	SELECT poa.track_activation(device, received_at => now() - interval '1 minute') FROM poa.device WHERE device::bigint % 10 = 1;
	SELECT poa.track_activation(device, activates_at => now() + interval '1 hour') FROM poa.device WHERE device::bigint % 10 = 2;
	INSERT INTO alerts SELECT 'AD1', chf, mpxn, CASE device::bigint % 10 WHEN 3 THEN now() - interval '4 hours' ELSE now() - interval '175 minutes' END,
		now() - interval '170 minutes' FROM poa.device;
	INSERT INTO alerts SELECT 'AD1', chf, mpxn, now() - interval '5 hours', now() - interval '5 hours' FROM poa.device;
	SELECT poa.release(log_id, 'evidence: started') FROM poa.suppression_log WHERE device::bigint % 10 = 4;
	INSERT INTO poa.command VALUES ('r', false, now() - interval '1 hour', 1::bigint::guid, 'not_eligible', NULL, 4, NULL, false);
	SELECT poa.hold('test', now() + interval '1 hour', distributor_id => 12);
});

my ($from, $to) = split /\|/, $node->safe_psql('postgres', q{SELECT to_char(now() - interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
	to_char(now() + interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')});

# As Grafana's data source for PostgreSQL makes them
sub expand
{
	my ($sql, $variables) = @_;

	$sql =~ s/\$__timeFilter\(([^()]+)\)/$1 BETWEEN '$from' AND '$to'/g;
	$sql =~ s/\$__timeFrom\(\)/'$from'/g;
	$sql =~ s/\$__timeTo\(\)/'$to'/g;
	$sql =~ s/\$__timeGroupAlias\(([^(),]+), *'1h'\)/floor(extract(epoch from $1)\/3600)*3600 AS "time"/g;
	$sql =~ s/\$\{(\w+):csv\}/join ',', @{ $variables->{$1} }/ge;
	$sql =~ s/\$\{(\w+):sqlstring\}/join ',', map { "'" . s{'}{''}gr . "'" } @{ $variables->{$1} }/ge;
	return $sql;
}

sub ask
{
	my ($role, $sql) = @_;
	my ($status, $stdout, $stderr) = $node->psql('postgres', $sql, extra_params => [ '-U', $role, '-P', 'null=NULL' ]);
	diag($stderr) if $status or $stderr;
	return ($status == 0 && $stderr eq '', split /\n/, $stdout);
}

my %board = map { my ($name) = m{(\w+)\.json$}; $name => decode_json(slurp_file($_)) } glob 'examples/grafana/*.json';
is(join(' ', sort keys %board), 'control_room operators', 'there are two dashboards');
my %role = (control_room => 'dno', operators => 'operator');
foreach my $name (sort keys %board)
{
	my $role = $role{$name};
	my %variables = (mpan => ['2000000000001']);
	my %id;

	foreach my $variable (@{ $board{$name}{templating}{list} })
	{
		next unless $variable->{type} eq 'query';
		my ($done, @rows) = ask($role, expand($variable->{query}, {}));
		ok($done && @rows > 0, "$name: variable $variable->{name}");
		$variables{ $variable->{name} } = [ map { (split /\|/)[1] } @rows ];
	}
	is("@{ $variables{distributor} }", '20', 'a control room is offered its own network operator') if $role eq 'dno';

	foreach my $panel (@{ $board{$name}{panels} })
	{
		my $title = "$name: $panel->{title}";
		ok($panel->{description} && !$id{ $panel->{id} }++, "$title is described and has a number of its own");
		foreach my $target (@{ $panel->{targets} })
		{
			my $sql = expand($target->{rawSql}, \%variables);
			unlike($sql, qr/\$/, "$title has macros and variables that there are");
			my ($done, @rows) = ask($role, $sql);
			ok($done && @rows > 0, "$title has something to show as $role");
			is((grep { /\.\d{7,}/ } @rows)[0], undef, "$title has no long figures");
			is((grep { /\b19\d{11}\b|-00-(?:6F|7\d)\b/ } @rows)[0], undef, "$title has no alert of others") if $role eq 'dno';
			like($rows[0], qr/^\d{10}\|/, "$title begins with the time") if $target->{format} eq 'time_series';

			# what is typed into a text box stays text, and none is fine
			next unless $target->{rawSql} =~ /\{mpan/;
			foreach my $mpan ('', "1900000000011", "x' OR '' = '")
			{
				my ($status, $stdout, $stderr) = $node->psql('postgres', expand($target->{rawSql}, { %variables, mpan => [$mpan] }), extra_params => [ '-U', $role ]);
				unlike("$stdout$stderr", qr/syntax error|-00-(?:6F|7\d)\b/, "$title, as MPAN '$mpan'");
			}
		}
	}
}

# the room's answers about an MPAN
my ($question) = map { $_->{targets}[0]{rawSql} } grep { $_->{title} =~ /^Is this MPAN/ } @{ $board{control_room}{panels} };
foreach ([ '2000000000001', qr/^2000000000001\|In a window until \d\d:\d\d UTC: an AD1 is suppressed, unless a hold is in force\. No alert does not say that there is supply\.$/ ],
	[ '2000000000002', qr/\|Not now: .* A window opens at \d/ ], [ '2000000000003', qr/\|No: / ], [ '1900000000011', qr/\|No: / ])
{
	my ($mpan, $answer) = @$_;
	my ($done, $row) = ask('dno', expand($question, { mpan => [$mpan] }));
	like($row, $answer, "the control room is told of $mpan");
}

done_testing();
