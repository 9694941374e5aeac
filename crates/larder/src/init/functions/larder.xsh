def __larder(args):
    import subprocess
    command = [@LARDER@, *args]
    variables = ${...}.detype()
    changes = bool(args) and args[0] in ('activate', 'deactivate')
    if not changes or not {'-h', '--help', '--json'}.isdisjoint(args):
        return subprocess.run(command, env=variables).returncode
    done = subprocess.run([*command, '--shell', 'xonsh'], env=variables, stdout=subprocess.PIPE)
    if done.returncode == 0:
        execx(done.stdout.decode('utf-8'))
    return done.returncode


aliases['larder'] = __import__('xonsh.tools', fromlist=['tools']).unthreadable(__larder)
