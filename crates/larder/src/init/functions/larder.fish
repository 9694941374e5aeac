function larder --description 'larder, with activate and deactivate for this shell'
    if contains -- "$argv[1]" activate deactivate; and not contains -- -h $argv; and not contains -- --help $argv; and not contains -- --json $argv
        command @LARDER@ $argv --shell fish | source
        return $pipestatus[1]
    end
    command @LARDER@ $argv
end
