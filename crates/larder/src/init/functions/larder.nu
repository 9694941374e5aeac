def --env --wrapped larder [...args: string] {
    let changes = ($args | is-not-empty) and ($args.0 in ['activate', 'deactivate'])
    if not $changes or ($args | any {|arg| $arg in ['-h', '--help', '--json'] }) {
        ^@LARDER@ ...$args
    } else {
        let done = (^@LARDER@ ...$args --json | complete)
        print --stderr --no-newline $done.stderr
        if $done.exit_code != 0 {
            error make --unspanned { msg: ($done.stdout | from json | get message) }
        }
        let change = ($done.stdout | from json)
        hide-env --ignore-errors ...$change.unset
        let set = $change.environment_variables
        load-env (if 'PATH' in $set { $set | update PATH { split row (char esep) } } else { $set })
    }
}
if ($env.PROMPT_COMMAND? != null) {
    $env.PROMPT_COMMAND = (do {
        let inner = $env.PROMPT_COMMAND
        {|| $"($env.CONDA_PROMPT_MODIFIER? | default '')(if ($inner | describe) == 'closure' { do $inner } else { $inner })" }
    })
}
