# poa.genuine, still_dark, to_ask, reboot and learn against a model, in random
# small worlds.
#
# The package Model takes the tables as they are, and has the rules of evidence
# as loops over all there is: no index, no span, no slice of time.  Instants lie
# on a grid of half a minute, so that the ends of all ranges are met.
#
# POA_SEED='7 8 9' takes the worlds of these seeds instead of the usual ones.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

###########################################################################
# The model.  Instants are microseconds since 1970, guids are texts.

package Model;

use List::Util qw(all any max min uniq);

use constant { MINUTE => 60_000_000, DAY => 86_400_000_000 };
my @kinds = qw(no_activation started neighbours second unreachable silent);

sub new
{
	my ($class, %table) = @_;
	my $self = bless \%table, $class;

	foreach my $row (@{ $self->{log} })
	{
		$row->{start} = $row->{started} // $row->{at};
		$row->{matched} = [ map { $self->{activation}{$_} } split /,/, $row->{matched} ];
	}
	return $self;
}

# where a device was: up to and with the instant at which it left
sub hub_of
{
	my ($self, $device, $at) = @_;
	my ($move) = sort { $a->{until} <=> $b->{until} } grep { $_->{device} eq $device && $_->{until} >= $at } @{ $self->{move} };

	return $move->{chf} if defined $move;
	return ($self->{device}{$device} // {})->{chf} // '';
}

sub comes_from
{
	my ($self, $guid, $hub, $at) = @_;
	return defined $guid && ($guid eq $hub || $self->hub_of($guid, $at) eq $hub);
}

# the instants at which a hub was heard, after one and up to another
sub heard
{
	my ($self, $hub, $from, $to, $code) = @_;
	my @at;

	foreach my $alert (grep { $_->{code} =~ ($code // qr/^[0-9A-Fa-f]{4}$/) } @{ $self->{alert} })
	{
		push @at, $alert->{first_at}
		  if $alert->{at} <= $to && any { $self->comes_from($_, $hub, $alert->{first_at}) } $alert->{chf}, $alert->{device};
	}
	push @at, map { $_->{seen_at} } grep { $self->comes_from($_->{guid}, $hub, $_->{seen_at}) } @{ $self->{sign} } unless defined $code;
	@at = sort { $a <=> $b } grep { $_ > $from && $_ <= $to } @at;
	return @at;
}

sub has_ended
{
	my ($activation, $as_of) = @_;
	return $activation->{status} =~ /^(superseded|cancelled|failed)$/ && $activation->{ended_at} <= $as_of;
}

sub no_activation
{
	my ($self, $row, $as_of) = @_;
	return all { has_ended($_, $as_of) } @{ $row->{matched} };
}

# the newest profile, of two of the same instant that of the firmware
sub profile
{
	my ($self, $activation, $at) = @_;
	my ($profile) = sort { $b->{to_at} <=> $a->{to_at} || ($a->{firmware} eq '') <=> ($b->{firmware} eq '') || $b->{id} <=> $a->{id} }
	  grep { $_->{manufacturer} eq $activation->{manufacturer} && ($_->{firmware} eq '' || $_->{firmware} eq $activation->{firmware}) && $_->{to_at} <= $at }
	  @{ $self->{profile} };

	return $profile;
}

sub began_outside
{
	my ($self, $row) = @_;

	return defined $row->{started} && all {
		my $profile = $self->profile($_, $row->{at});
		my $delay = $row->{started} - $_->{activates_at};
		$row->{started} < $_->{opens_at}
		  || defined $profile && defined $profile->{low} && ($delay < $profile->{low} || $delay > $profile->{high})
	} @{ $row->{matched} };
}

sub drifted
{
	my ($self, $manufacturer, $as_of) = @_;

	return $self->{drifted}{$manufacturer, $as_of} //= do {
		my @last = sort { $b->{at} <=> $a->{at} || $b->{log_id} <=> $a->{log_id} }
		  grep { $_->{manufacturer} eq $manufacturer && defined $_->{started} && $_->{at} <= $as_of && $_->{at} > $as_of - 31 * DAY } @{ $self->{log} };
		splice @last, 300 if @last > 300;
		my @outside = grep {
			my $profile = $self->profile($_->{matched}[0], $_->{at});
			defined $profile && defined $profile->{low} && $self->began_outside($_) && !$self->neighbours($_, $as_of)
		} @last;
		@outside > 6 ? 1 : 0;
	};
}

sub started
{
	my ($self, $row, $as_of) = @_;
	return $self->began_outside($row) && !any { $self->drifted($_->{manufacturer}, $as_of) } @{ $row->{matched} };
}

# by a window of which the DSP had been told by then
sub in_window
{
	my ($self, $hub, $at, $as_of) = @_;
	return any { $_->{chf} eq $hub && $_->{opens_at} <= $at && $at <= $_->{closes_at} && $_->{received_at} <= $as_of } values %{ $self->{activation} };
}

sub neighbours
{
	my ($self, $row, $as_of) = @_;

	foreach my $rule (@{ $self->{rule} })
	{
		my ($group) = map { $_->{group} } grep { $_->{chf} eq $row->{chf} && $_->{kind} eq $rule->{kind} } @{ $self->{group} };
		next unless defined $group;
		my @members = map { $_->{chf} } grep { $_->{kind} eq $rule->{kind} && $_->{group} eq $group } @{ $self->{group} };
		my $dark = grep {
			my $hub = $_;
			$hub ne $row->{chf} && any {
				$_->{code} eq 'AD1' && ($_->{chf} // '') eq $hub && $_->{at} <= $as_of
				  && abs(($_->{started} // $_->{at}) - $row->{start}) <= $rule->{within}
				  && !$self->{logged}{ $hub, $_->{at} } && !$self->in_window($hub, $_->{at}, $as_of)
			} @{ $self->{alert} };
		} @members;
		my $without = grep { !$self->in_window($_, $row->{at}, $as_of) } @members;
		return 1 if $dark >= $rule->{hubs} && $dark >= $rule->{share} * $without - 1e-9;
	}
	return 0;
}

# from the first of the alerts that share activations up to this one
sub second
{
	my ($self, $row, $as_of) = @_;
	my @so_far = sort { $a->{start} <=> $b->{start} || $a->{at} <=> $b->{at} || $a->{log_id} <=> $b->{log_id} }
	  grep { $_->{chf} eq $row->{chf} && $_->{at} <= $as_of } @{ $self->{log} };
	my ($outages, %explains, $last) = (0);

	foreach my $next (@so_far)
	{
		if (!defined $last || !share($last, $next))
		{
			($outages, %explains) = (1);
		}
		elsif ($self->heard($row->{chf}, $last->{start}, $next->{start} - 1, qr/^8F3[5-9A-C]$/))
		{
			$outages++;
		}
		$explains{ $_->{id} } = 1 foreach @{ $next->{matched} };
		return $outages > 1 && $outages > keys %explains if $next == $row;
		$last = $next;
	}
	die 'an alert that is not there';
}

sub share
{
	my ($one, $other) = @_;
	return any { my $id = $_->{id}; any { $_->{id} == $id } @{ $other->{matched} } } @{ $one->{matched} };
}

sub unreachable
{
	my ($self, $row, $as_of) = @_;

	return any {
		my $no = $_;
		my $type = ($self->{device}{ $no->{guid} } // {})->{type} // 'ESME';
		my @asked = map { $_->{at} } grep { $_->{device} eq $no->{guid} && $_->{at} > $row->{start} && $_->{at} <= $no->{at} } @{ $self->{asked} };
		$no->{at} > $row->{closes_at} && $no->{at} <= $as_of && $self->comes_from($no->{guid}, $row->{chf}, $no->{at})
		  && ($no->{guid} eq $row->{chf} || $type eq 'ESME')
		  && !$self->heard($row->{chf}, $row->{start}, $no->{at})
		  && (!@asked || any { $_ > $row->{closes_at} } @asked)
	} @{ $self->{no_answer} };
}

sub silent
{
	my ($self, $row, $as_of) = @_;
	my $profile = $self->profile($row->{matched}[0], $row->{at});
	my $due = defined $profile ? $row->{start} + $profile->{silence} : $row->{closes_at} + 15 * MINUTE;

	return $as_of > $due && !$self->heard($row->{chf}, $row->{start}, $as_of);
}

# suppressed and not released
sub open_at
{
	my ($self, $as_of) = @_;
	return sort { $a->{at} <=> $b->{at} || $a->{log_id} <=> $b->{log_id} }
	  grep { $_->{diverted} eq 't' && $_->{at} <= $as_of && !($_->{released_at} ne '' && $_->{released_at} <= $as_of) } @{ $self->{log} };
}

sub genuine
{
	my ($self, $as_of, $since) = @_;
	my @found;

	foreach my $row (grep { $_->{at} >= $since } $self->open_at($as_of))
	{
		push @found, map { "$row->{log_id} $_" } grep { $self->$_($row, $as_of) } @kinds;
	}
	return \@found;
}

sub still_dark
{
	my ($self, $as_of, $grace) = @_;
	return grep { $_->{closes_at} < $as_of - $grace && $_->{at} < $as_of && !$self->heard($_->{chf}, $_->{start}, $as_of) } $self->open_at($as_of);
}

sub to_ask
{
	my ($self, $as_of) = @_;
	return grep {
		my $row = $_;
		!any { $_->{device} eq $row->{device} && $_->{at} > $row->{closes_at} && $_->{at} <= $as_of } @{ $self->{asked} }
	} $self->still_dark($as_of, 5 * MINUTE);
}

# what learning goes by: the delay and the silence of each that counts
sub reboots
{
	my ($self, $from, $to) = @_;
	my @reboot;

	foreach my $row (grep { $_->{at} >= $from && $_->{at} < $to && $_->{held} eq 'f' } @{ $self->{log} })
	{
		my ($heard) = $self->heard($row->{chf}, $row->{start}, min($row->{closes_at}, $to));
		next if !defined $heard || $row->{released_at} ne '' || @{ $row->{matched} } > 1 || $self->neighbours($row, $to);
		push @reboot, { row => $row, silence => $heard - $row->{start}, began => defined $row->{started} ? $row->{started} - $row->{activates_at} : undef };
	}
	return @reboot;
}

sub quantile
{
	my ($q, @value) = @_;
	return undef unless @value;
	@value = sort { $a <=> $b } @value;
	my $place = $q * $#value;
	my $below = int $place;
	return $value[$below] + ($place - $below) * (($value[ $below + 1 ] // $value[$below]) - $value[$below]);
}

sub range
{
	my ($setting, @value) = @_;
	return (quantile($setting->{quantile}, @value) - $setting->{margin}, quantile(1 - $setting->{quantile}, @value) + $setting->{margin})
	  if $setting->{method} eq 'quantile';
	my $median = quantile(0.5, @value);
	my $reach = max($setting->{margin}, $setting->{deviations} * quantile(0.5, map { abs($_ - $median) } @value));
	return ($median - $reach, $median + $reach);
}

# as "manufacturer firmware alerts low high silence", times in seconds
sub learn
{
	my ($self, $from, $to, $setting) = @_;
	my @reboot = $self->reboots($from, $to);
	my @profile;

	foreach my $manufacturer (sort { $a cmp $b } uniq map { $_->{row}{manufacturer} } @reboot)
	{
		my @of_make;
		foreach my $firmware ('', sort { $a cmp $b } grep { $_ ne '' } uniq map { $_->{row}{matched}[0]{firmware} } @reboot)
		{
			my @kind = grep { $_->{row}{manufacturer} eq $manufacturer && ($firmware eq '' || $_->{row}{matched}[0]{firmware} eq $firmware) } @reboot;
			next if @kind < $setting->{alerts};
			my @began = grep { defined } map { $_->{began} } @kind;
			my @range = @began >= $setting->{alerts} ? range($setting, @began) : @of_make;
			my ($low, $silence) = range($setting, map { $_->{silence} } @kind);
			@of_make = @range if $firmware eq '';
			push @profile, join ' ', $manufacturer, $firmware || '-', scalar @kind,
			  map { defined $_ ? sprintf '%.1f', $_ / 1_000_000 : '-' } @range ? @range : (undef, undef), $silence;
		}
	}
	return \@profile;
}

###########################################################################
# The worlds.

package main;

use List::Util qw(any);

my $node = PostgreSQL::Test::Cluster->new('worlds');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nintervalstyle = postgres\nfsync = off\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', q{
	CREATE DATABASE world;
	\c world
	CREATE EXTENSION poa_suppress;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '0', '30 minutes'), ('1125', 'Kaifa', '5 minutes', '20 minutes');
	CREATE TABLE alerts (code text, chf guid, device guid, at timestamptz NOT NULL, began timestamptz, mpxn text);
	CREATE TABLE keyed (code text, chf text, meter text, at timestamptz NOT NULL, mpxn text, response text);
	SELECT poa.attach('alerts', code => 'code', at => 'at', device => 'device', started => 'began');
	SELECT poa.attach('keyed', code => 'code', at => 'at', device => 'meter', key => 'response');
	CREATE TABLE instant (as_of timestamptz);
	CREATE TABLE told_then (as_of timestamptz, log_id bigint, evidence text);
	CREATE FUNCTION us(timestamptz) RETURNS bigint LANGUAGE sql RETURN CASE WHEN isfinite($1) THEN (extract(epoch FROM $1) * 1000000)::bigint END;
	CREATE FUNCTION us(interval) RETURNS bigint LANGUAGE sql RETURN (extract(epoch FROM $1) * 1000000)::bigint;
});

sub pick { return $_[ int rand @_ ]; }
sub often { return rand() < shift; }

my $hubs = 30;
my $minutes = 300;
sub hub { return sprintf "'%016x'", 0x100 + shift; }
sub meter { return sprintf "'%016x'", 0x1000 + shift; }
# minutes since the begin of the world, on the grid
sub at { return sprintf "timestamptz '2026-03-01' + interval '%d seconds'", 30 * int(2 * shift() + 0.5); }
sub some { my ($what, @arguments) = @_; return map { $what->($_) } @arguments; }

my $firmware = q{UPDATE poa.activation SET firmware_hash = CASE mod(activation_id, 3) WHEN 0 THEN '\x01'::bytea WHEN 1 THEN '\x02' END};

# statements of what happens, each with its minute
sub history
{
	my (@event, $key);
	my $say = sub { push @event, [@_]; };
	my $alert = sub {
		my ($minute, $code, $hub, $device, $began) = @_;
		if (often(0.75))
		{
			$say->($minute, "INSERT INTO alerts VALUES ('$code', $hub, $device, " . at($minute) . ", $began, NULL)");
		}
		else
		{
			my $response = often(0.3) ? 'NULL' : "'" . ++$key . "'";
			$say->($minute, "INSERT INTO keyed VALUES ('$code', $hub, $device, " . at($minute) . ", NULL, $response)");
			# delivered again
			my $again = $minute + rand 30;
			$say->($again, "INSERT INTO keyed VALUES ('$code', $hub, $device, " . at($again) . ", NULL, $response)") if $code ne 'AD1' && often(0.3);
		}
	};
	my $dark = sub {
		my ($hub, $start) = @_;
		my $minute = $start + pick(0.5, 3, 3.5, 4, 9);
		$alert->($minute, 'AD1', hub($hub), 'NULL', often(0.15) ? 'NULL' : often(0.03) ? "'-infinity'" : at($start));
		$alert->($start + pick(1, 2, 4, 6, 15, 40), pick('8F35', '8F36', '8F3C', '81a0', 'N13'), often(0.3) ? (hub($hub), 'NULL') : ('NULL', meter($hub)), 'NULL') if often(0.7);
	};

	foreach my $n (1 .. 45)
	{
		my ($hub, $minute) = (int rand $hubs, rand $minutes);
		my $ahead = often(0.3) ? rand 20 : 0;
		$say->($minute, sprintf 'SELECT poa.track_activation(%s, %s, \'r%d\', %s)', meter($hub), $ahead ? at($minute + $ahead) : 'NULL', $n, at($minute));
		# to be rebooted twice
		$say->($minute + 5, sprintf 'SELECT poa.track_activation(%s, NULL, \'s%d\', %s)', meter($hub), $n, at($minute + 5)) if often(0.2);
		$dark->($hub, $minute + $ahead + pick(-8, 7, 9, 10, 11, 12, 14, 20)) if often(0.85);
		$dark->($hub, $minute + $ahead + pick(18, 22, 26)) if often(0.3);
		my $told = $minute + $ahead + rand 60;
		$say->($told, sprintf 'SELECT poa_internal.record_outcome_at(\'r%d\', \'%s\', %s)', $n, pick(qw(succeeded no_image_held hash_mismatch activation_failure)), at($told)) if often(0.2);
		$say->($told, sprintf 'SELECT poa.refuse_activation(\'r%d\', \'E20\', %s)', $n, at($told)) if often(0.1);
		$say->($minute + $ahead - 1, sprintf 'SELECT poa.cancel_activation(%s, %s)', meter($hub), at($minute + $ahead - 1)) if $ahead > 2 && often(0.3);
		my $asked = $minute + $ahead + 20 + rand 30;
		if (often(0.5))
		{
			my $device = often(0.1) ? 3000 + $hub : $hub;
			$say->($asked, sprintf 'INSERT INTO poa.asked VALUES (%s, %s) ON CONFLICT DO NOTHING', meter($device), at($asked)) if often(0.7);
			$asked += 3;
			$say->($asked, sprintf 'INSERT INTO poa.no_answer VALUES (%s, %s, \'%s\') ON CONFLICT DO NOTHING',
				often(0.2) ? hub($hub) : meter($device), at($asked), pick(qw(E20 E21)));
		}
	}
	foreach my $n (1 .. 12)
	{
		my ($begin, $minute) = (5 * int rand($hubs / 5), rand $minutes);
		foreach my $hub ($begin .. $begin + 4) { $dark->($hub, $minute + pick(0, 0.5, 1, 4, 4.5)) if often(0.6); }
	}
	foreach my $n (1 .. 10)
	{
		my $minute = rand $minutes;
		$say->($minute, sprintf 'INSERT INTO poa.sign_of_life VALUES (%s, %s, NULL)', often(0.5) ? hub(rand $hubs) : meter(rand $hubs), at($minute));
	}
	foreach my $n (1 .. 4)
	{
		my ($meter, $minute) = (meter(rand $hubs), rand $minutes);
		$say->($minute, sprintf 'INSERT INTO poa.device_move SELECT device, chf, %s FROM poa.device WHERE device = %s AND chf IS NOT NULL ON CONFLICT DO NOTHING; UPDATE poa.device SET chf = %s WHERE device = %s',
			at($minute), $meter, often(0.8) ? hub(rand $hubs) : 'NULL', $meter);
	}
	# what is told then, between two instants of the grid
	foreach my $n (1 .. 8)
	{
		my $minute = 0.25 + 0.5 * int rand 2 * $minutes;
		$say->($minute, sprintf "$firmware; INSERT INTO told_then SELECT %1\$s, g.log_id, g.evidence FROM poa.genuine(%1\$s) AS g; INSERT INTO instant VALUES (%1\$s)",
			sprintf "timestamptz '2026-03-01' + interval '%d seconds'", 60 * $minute);
	}
	# a release puts the alert back, unjudged
	foreach my $n (1 .. 6)
	{
		my $minute = rand $minutes;
		$say->($minute, sprintf(q{
			WITH one AS (SELECT l.* FROM poa.suppression_log AS l WHERE l.diverted AND l.decided_at < %1$s
				AND l.log_id NOT IN (SELECT r.log_id FROM poa.release_log AS r) ORDER BY l.log_id DESC LIMIT 1),
			r AS (INSERT INTO poa.release_log (log_id, released_at, released_by, reason) SELECT o.log_id, %1$s, 'test', 'test' FROM one AS o)
			INSERT INTO alerts SELECT 'AD1', o.chf, NULL, o.decided_at, o.outage_started_at, o.mpxn FROM one AS o}, at($minute)), 'unjudged');
	}
	return map { $_->[2] ? "SET poa_suppress.enabled = off;\n$_->[1];\nRESET poa_suppress.enabled" : $_->[1] } sort { $a->[0] <=> $b->[0] } @event;
}

sub make_world
{
	my ($name) = @_;
	my @setup = (
		"SET client_min_messages = error",
		sprintf('INSERT INTO poa.device SELECT (4096 + n)::guid, \'ESME\', 2, CASE WHEN n %% 3 = 0 THEN \'1125\' ELSE \'1063\' END, (256 + n)::guid, (19 + n %% 2) || lpad(n::text, 11, \'0\') FROM generate_series(0::bigint, %d) AS n', $hubs - 1),
		sprintf('INSERT INTO poa.device SELECT (4096 + 3000 + n)::guid, \'IHD\', 2, NULL, (256 + n)::guid, NULL FROM generate_series(0::bigint, %d, 4) AS n', $hubs - 1),
		"INSERT INTO poa.guid_list SELECT device FROM poa.device",
		sprintf('INSERT INTO poa.hub_group SELECT (256 + n)::guid, k.kind, k.of FROM generate_series(0::bigint, %d) AS n CROSS JOIN LATERAL (VALUES (\'lv\', \'F\' || n / 5), (\'hv\', \'C\' || n / 15), (\'street\', \'S\' || n %% 4)) AS k (kind, of) WHERE n %% 11 > 0', $hubs - 1),
		# moves are made as of their time, windows stay
		'ALTER TABLE poa.device DISABLE TRIGGER USER');
	my $method = pick(qw(median quantile));

	push @setup, sprintf q{INSERT INTO poa.neighbourhood VALUES ('%s', %d, '%d seconds', %s)}, pick(qw(lv street)), pick(1, 2), pick(30, 60, 300), pick(0, 0.25, 0.4) if often(0.7);
	push @setup, sprintf q{INSERT INTO poa.learning VALUES ('%s', '%s', %s, '%d seconds', %d, %d)}, $_, $method, pick(0, 0.1), pick(30, 60), pick(2, 6), pick(3, 6) foreach qw(1063 1125);
	foreach my $n (1 .. int rand 7)
	{
		my $low = pick(5, 8, 10);
		push @setup, sprintf q{INSERT INTO poa.reboot_profile (manufacturer, firmware_hash, from_at, to_at, alerts, started_low, started_high, silence_high, method)
			VALUES ('%s', %s, '2026-02-01', %s, 500, %s, '%d minutes')} =~ s/\)$/, 'by hand')/r,
			pick(qw(1063 1063 1125)), pick(qw(NULL NULL '\x01' '\x02')), at(pick(0, 60, 120)),
			often(0.2) ? 'NULL, NULL' : "'$low minutes', '" . ($low + pick(2, 4, 9)) . " minutes'", pick(5, 10, 20);
	}
	push @setup, history(), $firmware;
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE world");
	$node->safe_psql($name, join ";\n", @setup);
	return;
}

# rows of a query as hashes, NULL as undef
sub rows
{
	my ($name, $query) = @_;
	my ($header, @line) = split /\n/, $node->safe_psql($name, $query, extra_params => [ '-P', 'tuples_only=off', '-P', 'footer=off', '-P', 'null=NULL' ]);
	my @column = split /\|/, $header;

	return map { my %row; @row{@column} = map { $_ eq 'NULL' ? undef : $_ } split /\|/, $_, -1; \%row } @line;
}

sub read_world
{
	my ($name) = @_;
	my @alerts = rows($name, q{
		SELECT code, chf, device, us(at) AS at, us(began) AS started,
			us(at) AS first_at FROM alerts
		UNION ALL
		SELECT code, try_guid(chf), try_guid(meter), us(at), NULL,
			us(CASE WHEN response IS NULL THEN at ELSE min(at) OVER (PARTITION BY response) END) FROM keyed});

	return Model->new(
		log => [ rows($name, q{
			SELECT l.log_id, l.diverted, l.hold_id IS NOT NULL AS held, l.chf, l.device, l.manufacturer, us(l.decided_at) AS at, us(l.outage_started_at) AS started,
				us(l.activates_at) AS activates_at, us(l.closes_at) AS closes_at, array_to_string(l.matched, ',') AS matched, coalesce(us(r.released_at)::text, '') AS released_at
			FROM poa.suppression_log AS l LEFT JOIN poa.release_log AS r USING (log_id)}) ],
		activation => { map { $_->{id} => $_ } rows($name, q{
			SELECT activation_id AS id, chf, manufacturer, coalesce(encode(firmware_hash, 'hex'), '') AS firmware, status,
				us(activates_at) AS activates_at, us(opens_at) AS opens_at, us(closes_at) AS closes_at, us(ended_at) AS ended_at, us(received_at) AS received_at FROM poa.activation}) },
		alert => \@alerts,
		logged => { map { ("$_->{chf}$;$_->{at}" => 1) } rows($name, 'SELECT chf, us(decided_at) AS at FROM poa.suppression_log') },
		device => { map { $_->{device} => $_ } rows($name, 'SELECT device, device_type AS type, chf FROM poa.device') },
		move => [ rows($name, 'SELECT device, chf, us(until) AS until FROM poa.device_move') ],
		sign => [ rows($name, 'SELECT guid, us(seen_at) AS seen_at FROM poa.sign_of_life') ],
		asked => [ rows($name, 'SELECT device, us(at) AS at FROM poa.asked') ],
		no_answer => [ rows($name, 'SELECT guid, us(at) AS at FROM poa.no_answer') ],
		group => [ rows($name, 'SELECT chf, kind, group_id AS "group" FROM poa.hub_group') ],
		rule => [ rows($name, q{
			SELECT kind, hubs, us(within) AS within, share FROM poa.neighbourhood
			UNION ALL SELECT b.* FROM (VALUES ('lv', 2, 240000000, 0.2), ('hv', 4, 240000000, 0.2)) AS b (kind) WHERE b.kind NOT IN (SELECT kind FROM poa.neighbourhood)}) ],
		profile => [ rows($name, q{
			SELECT profile_id AS id, manufacturer, coalesce(encode(firmware_hash, 'hex'), '') AS firmware, us(to_at) AS to_at,
				us(started_low) AS low, us(started_high) AS high, us(silence_high) AS silence FROM poa.reboot_profile}) ]);
}

my %told;
my $begin = 1772323200 * 1_000_000;
foreach my $seed (split ' ', $ENV{POA_SEED} // '1 2 3 4')
{
	srand $seed;
	my $name = "world$seed";
	make_world($name);
	my $model = read_world($name);

	# some instants of the grid, some at which something is just due, and the end
	my @due = map { ($_->{at}, $_->{closes_at} + 15 * 60_000_000, map { $_->{ended_at} // () } @{ $_->{matched} }) } @{ $model->{log} };
	my @instant = ((map { $begin + 30_000_000 * int rand 2 * $minutes } 1 .. 6), (map { pick(@due) + pick(0, 0, -1, 1) } 1 .. 8), $begin + 86_400_000_000);
	my ($query, $expected) = ('', '');
	my ($from, $to) = ($begin, $begin + 60_000_000 * $minutes);
	my $at = "timestamptz '2026-03-01' + interval '1 microsecond' * (%s - $begin)";
	foreach my $as_of (@instant)
	{
		my $since = pick($begin - 1, $begin + 60_000_000 * int rand $minutes);
		$query .= sprintf q{
			SELECT 'genuine', string_agg(log_id || ' ' || evidence, ', ') FROM poa.genuine(%1$s, %2$s);
			SELECT 'dark', string_agg(log_id::text, ' ') FROM poa.still_dark('7 minutes', %1$s);
			SELECT 'ask', string_agg(log_id || ' ' || device, ' ') FROM poa.to_ask(as_of => %1$s);}, sprintf($at, $as_of), sprintf $at, $since;
		my $genuine = $model->genuine($as_of, $since);
		$expected .= join("\n", 'genuine|' . join(', ', @$genuine), 'dark|' . join(' ', map { $_->{log_id} } $model->still_dark($as_of, 7 * 60_000_000)),
			'ask|' . join(' ', map { "$_->{log_id} $_->{device}" } $model->to_ask($as_of))) . "\n";
		$told{ (split / /)[1] }++ foreach @$genuine;
		$told{drift}++ if any { $model->drifted($_, $as_of) } qw(1063 1125);
	}
	is($node->safe_psql($name, $query) . "\n", $expected, "seed $seed: genuine, still_dark and to_ask as the model, at " . @instant . ' instants');
	is($node->safe_psql($name, sprintf q{SELECT count(*) FROM poa.genuine(%s) WHERE (detail ~ '^[A-Z0-9].*\.$') IS NOT TRUE}, sprintf $at, $instant[-1]),
		'0', "seed $seed: each with a sentence");

	# An activation that was ended twice keeps the second end, and what the first one told is not told again.
	is($node->safe_psql($name, q{
			WITH now AS (
				SELECT i.as_of, g.log_id, g.evidence FROM instant AS i CROSS JOIN LATERAL poa.genuine(i.as_of) AS g
			), differs AS (
				(TABLE told_then EXCEPT TABLE now) UNION ALL (TABLE now EXCEPT TABLE told_then)
			)
			SELECT d.* FROM differs AS d JOIN poa.suppression_log AS l USING (log_id)
			WHERE NOT (d.evidence = 'no_activation' AND EXISTS (
				SELECT FROM poa.activation_change AS c WHERE c.activation_id = ANY (l.matched) AND c.ended_at IS NOT NULL
				GROUP BY c.activation_id HAVING count(DISTINCT c.ended_at) > 1 OR bool_or(c.ended_at IS DISTINCT FROM (
					SELECT a.ended_at FROM poa.activation AS a WHERE a.activation_id = c.activation_id))))
			ORDER BY 1, 2, 3}), '', "seed $seed: of a past instant it says what it said then");

	# a DNO has its part of it, and the neighbours of others count
	my $whole = sprintf q{SELECT string_agg(log_id || ' ' || evidence, ', ') FROM poa.genuine(%s)}, sprintf $at, $instant[-1];
	$node->safe_psql($name, "CREATE ROLE dno_$name LOGIN; SELECT poa.grant_dno('dno_$name', 20)");
	is($node->safe_psql($name, $whole, extra_params => [ '-U', "dno_$name" ]), $node->safe_psql($name, "$whole WHERE distributor_id = 20"),
		"seed $seed: a DNO sees its own part");

	# what is learned
	my %setting = map { $_->{manufacturer} => $_ } rows($name, 'SELECT manufacturer, method, quantile, us(margin) AS margin, deviations, alerts FROM poa.learning');
	my @expected = map { my $make = $_; grep { /^$make / } @{ $model->learn($from, $to, $setting{$make}) } } sort keys %setting;
	$told{learned} += @expected;
	$node->safe_psql($name, sprintf "TRUNCATE poa.reboot_profile; SELECT poa.learn($at, $at)", $from, $to);
	is($node->safe_psql($name, q{
			SELECT concat_ws(' ', manufacturer, coalesce(encode(firmware_hash, 'hex'), '-'), alerts,
				coalesce(round(extract(epoch FROM started_low), 1)::text, '-'), coalesce(round(extract(epoch FROM started_high), 1)::text, '-'), round(extract(epoch FROM silence_high), 1))
			FROM poa.reboot_profile ORDER BY profile_id}),
		join("\n", @expected), "seed $seed: learned as by the model");
}
note(join ', ', map { "$_ $told{$_}" } sort keys %told);
ok($told{$_}, "$_ is among it") foreach qw(no_activation started neighbours second unreachable silent drift learned);

done_testing();
