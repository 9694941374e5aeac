if status is-interactive; and functions -q fish_prompt; and not functions -q __larder_fish_prompt; and not functions -q __conda_add_prompt
    functions -c fish_prompt __larder_fish_prompt
    function __larder_status
        return $argv[1]
    end
    function fish_prompt
        set -l __larder_last $status
        printf '%s' "$CONDA_PROMPT_MODIFIER"
        __larder_status $__larder_last
        __larder_fish_prompt
    end
end
